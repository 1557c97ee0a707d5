/**
 * What a refusal tells the owner's own workloads beyond its reason: which identity lies near, where the App is installed, what of a
 * clause is easily overlooked. What costs a call is remembered, as clients repeat a refusal three times. It changes no decision.
 */
import type { VerifiedClaims } from "../../policies/claims.ts";
import { clauseHint } from "../../policies/clause-hint.ts";
import type { Config } from "../config.ts";
import type { Denial, Viewer } from "../denial.ts";
import type { AppSlugs } from "../github/app-slugs.ts";
import type { App, GitHub } from "../github/github.ts";
import { appsOf } from "../github/pool.ts";
import { installUrlOf } from "../github/web-url.ts";
import type { HintPatterns } from "../store/hint-patterns.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { AccessCall } from "../trust-policy/read-access.ts";
import type { PolicySource } from "../trust-policy/source.ts";

export interface HintDeps {
  readonly apps: readonly App[];
  readonly config: Pick<Config, "apiUrl">;
  readonly github: Pick<GitHub, "getApp">;
  readonly policySource: Pick<PolicySource, "nearMisses">;
  readonly appSlugs: Pick<AppSlugs, "known" | "learn">;
  readonly hintPatterns: HintPatterns;
}

interface Circumstances {
  /** Once the token is verified. */
  readonly claims: VerifiedClaims | undefined;
  readonly access: PolicyAccess | undefined;
  readonly call: AccessCall;
}

export async function withHints(deps: HintDeps, denial: Denial, viewer: Viewer, at: Circumstances): Promise<Denial> {
  if (viewer !== "owner") return denial;
  switch (denial.reason) {
    case "policy_not_found":
      if (!at.access) return denial;
      return { ...denial, nearMisses: deps.policySource.nearMisses(at.access) };
    case "app_not_installed": {
      const installUrl = await installUrlFor(deps, denial.owner, at.call);
      return installUrl === undefined ? denial : { ...denial, installUrl };
    }
    case "issuer_mismatch":
    case "subject_mismatch":
    case "audience_mismatch":
    case "claim_mismatch": {
      const hint =
        denial.miss || !at.claims ? undefined : clauseHint(denial.clause, at.claims, deps.hintPatterns.compile);
      return hint === undefined ? denial : { ...denial, hint };
    }
    default:
      return denial;
  }
}

/** Of the first App that serves the owner. Without an answer there is no link: the refusal is as good as without. */
async function installUrlFor(deps: HintDeps, owner: string, call: AccessCall): Promise<string | undefined> {
  const { apps, config, github, appSlugs } = deps;
  const [app] = appsOf(apps, owner);
  if (app === undefined) return undefined;
  if (appSlugs.known(app.id) === undefined) {
    const info = await github.getApp(app, call);
    if (info.ok) appSlugs.learn(app.id, info.value.slug, call);
  }
  const slug = appSlugs.known(app.id);
  return slug === undefined ? undefined : installUrlOf(config.apiUrl, slug);
}
