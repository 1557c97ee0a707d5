/** Where people arrive: what this deployment is, whether it serves, and the ways to the tools. */
import type { ViewProps } from "../view.ts";
import { Documents } from "./documents.tsx";
import { Misconfigured } from "./misconfigured.tsx";
import { Serving } from "./serving.tsx";
import { Tools } from "./tools.tsx";

export default function Overview({ deployment }: ViewProps) {
  const { state, domain } = deployment;
  return (
    <>
      <h1>{domain ?? "Octo STS"}</h1>
      <p class="lead">
        Workloads show an OIDC token here and get a short-lived GitHub token, as trust policies in your repositories
        allow. No personal access token is left anywhere.
      </p>
      {state === "misconfigured" && <Misconfigured deployment={deployment} />}
      <Tools />
      {state === "serving" && <Serving deployment={deployment} />}
      <Documents />
    </>
  );
}
