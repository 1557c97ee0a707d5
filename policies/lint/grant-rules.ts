/**
 * What a policy grants, to whom it is addressed, and where it leaves what octo-sts understands. Pure.
 */

import { quoted } from "../diagnostics.ts";
import { ownProperty } from "../objects.ts";
import { isOrganizationWide, levelsOf, permissionNamed } from "../permissions.ts";
import { nearest } from "../suggest.ts";
import type { Rule } from "./context.ts";
import { canHaveClaim } from "./issuer-claims.ts";
import { overlaps } from "./language.ts";
import type { Unplaced } from "./value.ts";
import { PROBE } from "./workloads.ts";

export const permissionRules: Rule = ({ policy, kind }) =>
  policy.document.permissions.flatMap(({ name, level }) => {
    const at = { path: `permissions.${name}`, part: "key" } as const;
    const permission = permissionNamed(name);
    const findings: Unplaced[] = [];
    if (permission?.assumed && !levelsOf(name).includes(level)) {
      const message = `GitHub's list does not tell the levels of ${name}, and ${quoted(level)} is not among the probable ones`;
      const suggestion = `write ${levelsOf(name)
        .map((known) => `\`${known}\``)
        .join(" or ")}, unless GitHub is known to grant it`;
      findings.push({ id: "permission-level-assumed", severity: "warning", ...at, message, suggestion });
    }
    if (permission?.extension) {
      const message = `octo-sts does not know ${name}, and refuses the whole policy`;
      const suggestion = "keep it for this service alone";
      findings.push({ id: "extension-used", severity: "notice", ...at, message, suggestion });
    }
    const power = consequenceOf(name);
    if (level !== "read" && power !== undefined) {
      const message = `${name}: ${level} can ${power}`;
      const suggestion = "keep it only if the workload does just that, and let nothing else match the policy";
      // Of these workflows is the one that ordinary robots need.
      findings.push({
        id: "powerful-permission",
        severity: name === "workflows" ? "notice" : "warning",
        ...at,
        message,
        suggestion,
      });
    }
    if (name === "checks" && level === "write") {
      const message =
        "checks: write works through the very App that reports on trust policies: the workload can make a check run that calls a broken policy valid";
      const suggestion = "let nothing else match the policy, or give the workload an App of its own";
      findings.push({ id: "forgeable-check", severity: "warning", ...at, message, suggestion });
    }
    if (level === "read" && kind === "repository" && isOrganizationWide(name)) {
      const message = `${name} reads the whole organization, and this policy belongs to one repository: whoever merges to it decides`;
      const suggestion = "move the policy to the owner's policy repository, or remove the permission";
      findings.push({ id: "organization-read-in-repository-policy", severity: "warning", ...at, message, suggestion });
    }
    return findings;
  });

const CONSEQUENCES: Readonly<Record<string, string>> = {
  administration: "change settings, collaborators and branch protection, and delete the repository",
  workflows: "change workflow files, and so what runs with the repository's secrets",
  members: "add and remove members of the organization and its teams",
};

function consequenceOf(name: string): string | undefined {
  const own = ownProperty(CONSEQUENCES, name);
  if (own !== undefined) return own;
  return isOrganizationWide(name) ? "change the whole organization, whatever the repositories" : undefined;
}

export const repositoryRules: Rule = ({ policy, kind }) => {
  const { repositories } = policy.document;
  if (kind === "organization" && repositories === undefined) {
    const message =
      "without `repositories` the token reaches every repository of the installation (for the policy repository's own scope: that one)";
    const suggestion = "name the repositories, or write `repositories: []` to say that all are meant";
    return [{ id: "repositories-absent", severity: "warning", path: "repositories", message, suggestion }];
  }
  return (repositories ?? []).flatMap((name, i, all): readonly Unplaced[] => {
    const isRepeated = all.slice(0, i).some((before) => before.toLowerCase() === name.toLowerCase());
    const message = `${name} is listed already`;
    const path = `repositories[${i}]`;
    return isRepeated
      ? [{ id: "duplicate-repository", severity: "notice", path, message, suggestion: "remove it" }]
      : [];
  });
};

export const extensionRules: Rule = ({ policy: { document }, claims, workload }) => {
  const used = [
    ...(document.jwks === undefined ? [] : ["jwks"]),
    ...(document.maxTokenLifetimeSeconds === undefined ? [] : ["max_token_lifetime"]),
    ...(document.description === undefined ? [] : ["description"]),
  ];
  const table = workload?.claims;
  const paths = claims.filter(({ name }) => isPath(name) && !table?.names.includes(name));
  return [
    ...used.map((key): Unplaced => {
      const message = `${key} is an extension of this service: octo-sts refuses a policy that has it`;
      const suggestion = "remove it to keep the policy portable, or ignore this";
      return { id: "extension-used", severity: "notice", path: key, part: "key", message, suggestion };
    }),
    ...paths.map(({ path, name }): Unplaced => {
      const message = `${quoted(name)} is found by its path inside another claim, an extension: octo-sts looks for a claim of exactly this name, and refuses`;
      const suggestion = "use a claim of the top level to keep the policy portable, or ignore this";
      return { id: "extension-used", severity: "notice", path, part: "key", message, suggestion };
    }),
  ];
};

/** A claim whose name is itself an address, as Auth0's are, may well stand at the top level. */
function isPath(name: string): boolean {
  return name.startsWith("https://sts.amazonaws.com/")
    ? !name.endsWith("/")
    : name.includes("/") && !name.includes("://");
}

/** GitHub lets only the App that made a check run change it. */
export const appRules: Rule = ({ policy }) => {
  const { app, document } = policy;
  if (app === undefined) return [];
  const path = app.kind === "exact" ? "app" : "app_pattern";
  const findings: Unplaced[] = [
    {
      id: "extension-used",
      severity: "notice",
      path,
      part: "key",
      message: `${path} is new in octo-sts: versions up to 0.8 refuse a policy that has it`,
      suggestion: "remove it if such a version reads the policy too, or ignore this",
    },
  ];
  if (!document.permissions.some(({ name, level }) => name === "checks" && level === "write")) return findings;
  findings.push({
    id: "app-pinned-checks",
    severity: "notice",
    path,
    message:
      "with `checks: write` the same App serves this policy each time anyway, and check runs belong to the App that made them: once another App is pinned, nobody can update the old ones",
    suggestion: "leave it out, unless the check runs must come from this App",
  });
  return findings;
};

export const audienceRules: Rule = ({ policy, audience, domain }) => {
  if (audience === undefined) return [];
  const at = { path: audience.path };
  if (audience.kind === "pattern" && overlaps(audience.language, `(?:https://)?[^/]*${PROBE}[^/]*(?:/.*)?`)) {
    const message =
      "the audience may be any, so that a token that was made for another service, and seen by it, is good here too";
    return [
      {
        id: "audience-of-anyone",
        severity: "warning",
        ...at,
        message,
        suggestion: "name the audience, or leave it out",
      },
    ];
  }
  const accepted = domain === undefined ? [] : [domain, `https://${domain}`];
  if (domain === undefined || accepted.some((text) => policy.audience?.matches(text))) return [];
  const message = `the audience is not ${domain}, which is what clients of this service ask for: tokens made for another service are taken, and the default ones refused`;
  const suggestion = `remove it, or write \`audience: ${domain}\`; keep it if the issuer cannot set the audience`;
  return [{ id: "audience-not-domain", severity: "notice", ...at, message, suggestion }];
};

export const claimRules: Rule = ({ claims, workload }) => {
  const table = workload?.claims;
  if (table === undefined) return [];
  return claims
    .filter(({ name }) => !canHaveClaim(table, name))
    .map(({ name, path }): Unplaced => {
      const near = nearest(name, table.names);
      const message = `${table.issuer} documents no claim ${quoted(name)}, and without it no token matches (${table.source})`;
      const suggestion =
        near === undefined ? "remove it, or use a claim that the issuer has" : `did you mean \`${near}\`?`;
      return { id: "claim-never-issued", severity: "warning", path, part: "key", message, suggestion };
    });
};
