/** What people give the playground, and its bounds. Pure. */
import { MAX_FILE_BYTES } from "../../../policies/limits.ts";
import { OWNER_NAME, REPOSITORY_NAME } from "../../../policies/names.ts";

/** The rules of a file depend on where it lies. */
export type FileRoleName = "repository" | "organization" | "issuers";

export interface Input {
  readonly policy: string;
  /** What is known of the token: its claims as JSON, a refusal, or what was typed so far. */
  readonly evidence: string;
  readonly file: FileRoleName;
  /** `owner/repository` or `owner`; empty where it is not said. */
  readonly scope: string;
  /** The default audience; empty where it is not known. */
  readonly domain: string;
}

export const MAX_POLICY_CHARACTERS = MAX_FILE_BYTES;
/** Of the claims; what is pasted to find claims in it, such as a log, may be longer. */
export const MAX_EVIDENCE_CHARACTERS = 16_384;

export interface FileScope {
  readonly owner: string | undefined;
  readonly repository: string | undefined;
  /** What is wrong with it, as far as it was typed. */
  readonly problem: string | undefined;
}

export function readFileScope(text: string, file: FileRoleName): FileScope {
  const [owner = "", repository, ...more] = text.trim().split("/");
  const nothing = { owner: undefined, repository: undefined };
  if (owner === "" && repository === undefined) return { ...nothing, problem: undefined };
  const isName = OWNER_NAME.test(owner) && more.length === 0;
  if (!isName || (repository !== undefined && repository !== "" && !REPOSITORY_NAME.test(repository))) {
    return { ...nothing, problem: file === "repository" ? "Write owner/repository" : "Write the owner's name alone" };
  }
  return { owner, repository: file === "repository" ? repository || undefined : undefined, problem: undefined };
}
