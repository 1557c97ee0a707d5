/**
 * A rule's examples: at least two on which it fires and two on which it is silent, each as the keys that differ from a good policy.
 */

import type { LintContext } from "../../../../policies/lint/lint.ts";

export type Keys = Readonly<Record<string, unknown>>;

export interface Example {
  readonly keys: Keys;
  readonly kind?: "repository" | "organization";
  readonly context?: LintContext;
}

export interface Cases {
  readonly severity?: "warning" | "notice";
  readonly fires: readonly (Example & { readonly at: string; readonly severity?: "warning" | "notice" })[];
  readonly silent: readonly Example[];
}

export const GITHUB = "https://token.actions.githubusercontent.com";
export const GOOD: Keys = {
  issuer: GITHUB,
  subject: "repo:acme/app:ref:refs/heads/main",
  permissions: { contents: "read" },
};
export const WRITE: Keys = { permissions: { contents: "write" } };
/** The subject by a pattern. */
export const matching = (subject_pattern: string, more: Keys = {}): Keys => ({
  subject: null,
  subject_pattern,
  ...more,
});
export const issuedBy = (issuer_pattern: string, more: Keys = {}): Keys => ({ issuer: null, issuer_pattern, ...more });
