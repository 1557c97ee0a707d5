/**
 * The options of a call, checked. Pure.
 */

import type { DeploymentRules } from "../policy/deployment.ts";
import { Unusable } from "./disk.ts";
import type { PlaceOptions } from "./place.ts";
import { type RuleOptions, rulesFrom } from "./rules.ts";

/** As parseArgs gives them. */
export interface RawOptions extends RuleOptions {
  readonly owner?: string | undefined;
  readonly kind?: string | undefined;
  readonly domain?: string | undefined;
  readonly "org-policy-repo"?: string | undefined;
  readonly format?: string | undefined;
  readonly strict?: boolean | undefined;
  readonly claims?: string | undefined;
  readonly token?: string | undefined;
  readonly "token-file"?: string | undefined;
}

export interface Options extends PlaceOptions {
  readonly domain: string | undefined;
  readonly rules: DeploymentRules;
  readonly format: string;
  readonly strict: boolean;
  /** Files, and the token itself. */
  readonly claims: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
}

/** Throws Unusable. `domain`: what the environment says. */
export function optionsFrom(values: RawOptions, formats: readonly string[], domain: string | undefined): Options {
  const { kind, format = "text" } = values;
  const rules = rulesFrom(values);
  if (rules === undefined) throw new Unusable("--org-permissions must be none, read or any");
  if (kind !== undefined && kind !== "repository" && kind !== "organization") {
    throw new Unusable("--kind must be repository or organization");
  }
  if (!formats.includes(format)) throw new Unusable(`--format must be one of ${formats.join(", ")}`);
  return {
    kind,
    owner: values.owner,
    policyRepository: values["org-policy-repo"] ?? ".github",
    domain: values.domain ?? domain,
    rules,
    format,
    strict: values.strict ?? false,
    claims: values.claims,
    token: values.token,
    tokenFile: values["token-file"],
  };
}
