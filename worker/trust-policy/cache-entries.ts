/**
 * What the caches keep of trust policies and issuer allow-lists: parsed values, and nothing that configuration decides. Pure.
 */

import { compileTrustedIssuers, readIssuersDocument, type TrustedIssuers } from "../../policies/issuers.ts";
import { isObject } from "../../policies/objects.ts";
import { type CompiledPolicy, compilePolicy, type Diagnostic, readDocument } from "../../policies/parse.ts";
import type { Entry } from "../store/cache.ts";

/** GitHub's number for the account that was read: the keys are by name, and a name may be somebody else's tomorrow. */
interface Owned {
  readonly ownerId: number;
}

interface OfRepository extends Owned {
  readonly public: boolean;
}

export type PolicyValue =
  | (OfRepository & { readonly state: "present"; readonly sha: string; readonly policy: CompiledPolicy })
  | (OfRepository & { readonly state: "broken"; readonly sha: string; readonly diagnostics: readonly Diagnostic[] })
  | (OfRepository & { readonly state: "unreadable"; readonly problem: UnreadableProblem })
  | (OfRepository & {
      readonly state: "absent";
      /** Identities that lie near, once somebody who may know asked. */
      readonly nearMisses?: readonly string[];
    });

export type UnreadableProblem = "directory" | "not_a_file" | "not_utf8" | "too_large";

export type AllowListValue =
  | (Owned & { readonly state: "present"; readonly sha: string; readonly list: TrustedIssuers })
  | (Owned & { readonly state: "broken"; readonly diagnostics: readonly Diagnostic[] })
  /** `not_visible`: no App that is installed on the owner may see the repository; remembered to spare a refused mint. */
  | (Owned & { readonly state: "absent"; readonly because: "no_file" | "not_visible" });

export interface CacheTimes {
  readonly freshMs: number;
  readonly staleMs: number;
}

/** Fresh: serve without asking GitHub. Stale: serve only while GitHub limits or fails. */
export function ageOf(entry: Entry<unknown> | undefined, now: number, times: CacheTimes): "fresh" | "stale" | "gone" {
  if (!entry) return "gone";
  const age = now - entry.readAt;
  if (age < times.freshMs) return "fresh";
  return age < times.staleMs ? "stale" : "gone";
}

export function encodePolicy(value: PolicyValue): unknown {
  return value.state === "present" ? { ...value, policy: value.policy.document } : value;
}

export function decodePolicy(stored: unknown): PolicyValue | undefined {
  if (!isObject(stored)) return undefined;
  if (typeof stored.public !== "boolean" || !isId(stored.ownerId)) return undefined;
  const common = { ownerId: stored.ownerId, public: stored.public };
  if (stored.state === "absent") return { state: "absent", ...common, ...nearMissesIn(stored.nearMisses) };
  if (stored.state === "unreadable" && isUnreadable(stored.problem)) {
    return { state: "unreadable", problem: stored.problem, ...common };
  }
  if (typeof stored.sha !== "string") return undefined;
  if (stored.state === "broken" && isDiagnostics(stored.diagnostics)) {
    return { state: "broken", sha: stored.sha, diagnostics: stored.diagnostics, ...common };
  }
  const document = stored.state === "present" ? readDocument(stored.policy) : undefined;
  return document && { state: "present", sha: stored.sha, policy: compilePolicy(document), ...common };
}

export function encodeAllowList(value: AllowListValue): unknown {
  return value.state === "present" ? { ...value, list: value.list.document } : value;
}

export function decodeAllowList(stored: unknown): AllowListValue | undefined {
  if (!isObject(stored)) return undefined;
  const { ownerId } = stored;
  if (!isId(ownerId)) return undefined;
  if (stored.state === "absent" && (stored.because === "no_file" || stored.because === "not_visible")) {
    return { state: "absent", ownerId, because: stored.because };
  }
  if (stored.state === "broken" && isDiagnostics(stored.diagnostics))
    return { state: "broken", ownerId, diagnostics: stored.diagnostics };
  const document = stored.state === "present" ? readIssuersDocument(stored.list) : undefined;
  if (!document || typeof stored.sha !== "string") return undefined;
  return { state: "present", ownerId, sha: stored.sha, list: compileTrustedIssuers(document) };
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
