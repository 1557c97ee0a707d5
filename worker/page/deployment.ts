/** What the Worker wrote into the document about the deployment that serves it. */
import type { DeploymentFacts } from "../http/facts.ts";

export interface Deployment extends DeploymentFacts {
  /** Of the software; the build writes it into the document. */
  readonly version: string;
}

/** The id of the data block in the document. */
const BLOCK = "deployment";

/** Throws where the document holds no facts: it was not served by the Worker. */
export function readDeployment(from: Document): Deployment {
  const text = from.getElementById(BLOCK)?.textContent ?? "";
  // The Worker of the same build wrote it.
  const facts = JSON.parse(text) as DeploymentFacts;
  return { ...facts, version: from.documentElement.dataset.version ?? "" };
}
