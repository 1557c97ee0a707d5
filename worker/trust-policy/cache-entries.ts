/**
 * What the caches keep of trust policies and issuer allow-lists: parsed values, and nothing that configuration decides. Pure.
 */

import { compileTrustedIssuers, readIssuersDocument, type TrustedIssuers } from "../../policies/issuers.ts";
import { isObject } from "../../policies/objects.ts";
import { type CompiledPolicy, compilePolicy, type Diagnostic, placesOf, readDocument } from "../../policies/parse.ts";
import { ALLOW_LIST_STALE_MS, MEMORY_SHARES_BYTES, POLICY_STALE_MS } from "../limits.ts";

/** GitHub's number for the account that was read: the keys are by name, and a name may be somebody else's tomorrow. */
interface Owned {
  readonly ownerId: number;
  /** Read through a symbolic link: no push that changes what it leads to makes this void. Never in KV. */
  readonly linked?: true;
}

/** GitHub's number for the repository as well: its name may be another repository's tomorrow, of the same account too. */
interface OfRepository extends Owned {
  readonly repositoryId: number;
}

export interface OfPolicyRepository extends OfRepository {
  readonly public: boolean;
}

export type PolicyValue =
  | (OfPolicyRepository & { readonly state: "present"; readonly sha: string; readonly policy: CompiledPolicy })
  | (OfPolicyRepository & {
      readonly state: "broken";
      readonly sha: string;
      readonly diagnostics: readonly Diagnostic[];
    })
  | (OfPolicyRepository & { readonly state: "unreadable"; readonly problem: UnreadableProblem })
  | (OfPolicyRepository & {
      readonly state: "absent";
      /** Identities that lie near, once somebody who may know asked. */
      readonly nearMisses?: readonly string[];
    });

export type UnreadableProblem = "directory" | "not_a_file" | "not_utf8" | "too_large";

export type AllowListValue =
  | (OfRepository & { readonly state: "present"; readonly sha: string; readonly list: TrustedIssuers })
  | (OfRepository & { readonly state: "broken"; readonly diagnostics: readonly Diagnostic[] })
  | (OfRepository & { readonly state: "absent"; readonly because: "no_file" })
  /** No App that is installed on the owner may see the repository; remembered to spare a refused mint. */
  | (Owned & { readonly state: "absent"; readonly because: "not_visible"; readonly repositoryId?: undefined });

/** What a cache of these values is made with. */
export const POLICY_CACHE = {
  kind: "policy",
  maxBytes: MEMORY_SHARES_BYTES.policies,
  keepMs: POLICY_STALE_MS,
  encode: encodePolicy,
  decode: decodePolicy,
  moreBytesOf: (value: PolicyValue) => (value.state === "present" ? value.policy.estimatedBytes : 0),
  isNegative: ({ state }: PolicyValue) => state !== "present",
} as const;

export const ALLOW_LIST_CACHE = {
  kind: "issuers",
  maxBytes: MEMORY_SHARES_BYTES.allowLists,
  keepMs: ALLOW_LIST_STALE_MS,
  encode: encodeAllowList,
  decode: decodeAllowList,
  moreBytesOf: (value: AllowListValue) => (value.state === "present" ? value.list.estimatedBytes : 0),
  isNegative: ({ state }: AllowListValue) => state !== "present",
} as const;

function encodePolicy(value: PolicyValue): unknown {
  if (value.state !== "present") return value;
  const { document, locate } = value.policy;
  return { ...value, policy: document, places: placesOf(document, locate) };
}

function decodePolicy(stored: unknown): PolicyValue | undefined {
  if (!isObject(stored)) return undefined;
  if (typeof stored.public !== "boolean" || !isId(stored.ownerId) || !isId(stored.repositoryId)) return undefined;
  const common = { ownerId: stored.ownerId, repositoryId: stored.repositoryId, public: stored.public };
  if (stored.state === "absent") return { state: "absent", ...common, ...nearMissesIn(stored.nearMisses) };
  if (stored.state === "unreadable" && isUnreadable(stored.problem)) {
    return { state: "unreadable", problem: stored.problem, ...common };
  }
  if (typeof stored.sha !== "string") return undefined;
  if (stored.state === "broken" && isDiagnostics(stored.diagnostics)) {
    return { state: "broken", sha: stored.sha, diagnostics: stored.diagnostics, ...common };
  }
  const document = stored.state === "present" ? readDocument(stored.policy) : undefined;
  return document && { state: "present", sha: stored.sha, policy: compilePolicy(document, stored.places), ...common };
}

function encodeAllowList(value: AllowListValue): unknown {
  return value.state === "present" ? { ...value, list: value.list.document } : value;
}

function decodeAllowList(stored: unknown): AllowListValue | undefined {
  if (!isObject(stored)) return undefined;
  const { ownerId, repositoryId } = stored;
  if (!isId(ownerId)) return undefined;
  if (stored.state === "absent" && stored.because === "not_visible") {
    return { state: "absent", ownerId, because: "not_visible" };
  }
  if (!isId(repositoryId)) return undefined;
  const common = { ownerId, repositoryId };
  if (stored.state === "absent" && stored.because === "no_file")
    return { state: "absent", because: "no_file", ...common };
  if (stored.state === "broken" && isDiagnostics(stored.diagnostics))
    return { state: "broken", diagnostics: stored.diagnostics, ...common };
  const document = stored.state === "present" ? readIssuersDocument(stored.list) : undefined;
  if (!document || typeof stored.sha !== "string") return undefined;
  return { state: "present", sha: stored.sha, list: compileTrustedIssuers(document), ...common };
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value);

function nearMissesIn(value: unknown): { readonly nearMisses?: readonly string[] } {
  if (!Array.isArray(value)) return {};
  return { nearMisses: value.filter((name) => typeof name === "string") };
}

function isUnreadable(value: unknown): value is UnreadableProblem {
  return value === "directory" || value === "not_a_file" || value === "not_utf8" || value === "too_large";
}

function isDiagnostics(value: unknown): value is readonly Diagnostic[] {
  return (
    Array.isArray(value) &&
    value.every(
      (fault) =>
        isObject(fault) &&
        typeof fault.path === "string" &&
        typeof fault.line === "number" &&
        typeof fault.column === "number" &&
        typeof fault.message === "string",
    )
  );
}
