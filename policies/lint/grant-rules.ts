/**
 * What a policy grants, to whom it is addressed, and where it leaves what octo-sts understands. Pure.
 */

import { quoted } from "../diagnostics.ts";
import { ownProperty } from "../objects.ts";
import { isOrganizationWide, levelsOf, permissionNamed } from "../permissions.ts";
import { nearest } from "../suggest.ts";
import type { Rule } from "./context.ts";
import { canHaveClaim, claimNamesOf, formOf } from "./forms/forms.ts";
import { overlaps } from "./language.ts";
import type { Unplaced } from "./value.ts";
import { letsIn, PROBE } from "./workloads.ts";

export const permissionRules: Rule = (linting) => {
  const { policy, kind, workload } = linting;
  const openings = [workload?.anyBranch, workload?.anyPullRequest];
  // Robots that keep workflows up to date need it: where no stranger to the default branch gets it, it is nothing to tell.
  const isOpen = openings.some((opening) => opening !== undefined && letsIn(opening, linting));
  return policy.document.permissions.flatMap(({ name, level }) => {
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
      const message = `octo-sts does not know ${name}, and refuses such a policy`;
      const suggestion = PORTABLE;
      findings.push({ id: "extension-used", severity: "notice", ...at, message, suggestion });
    }
    const power = consequenceOf(name);
    if (level !== "read" && power !== undefined && (name !== "workflows" || isOpen)) {
      const message = `${name}: ${level} can ${power}`;
      const suggestion = "keep it only if the workload does just that";
      findings.push({ id: "powerful-permission", severity: "warning", ...at, message, suggestion });
    }
    if (name === "checks" && level === "write") {
      const message =
        "the App that reports on trust policies makes these check runs too: the workload can call a broken policy valid";
      const suggestion = "give the workload an App of its own, or let nothing else match";
      findings.push({ id: "forgeable-check", severity: "warning", ...at, message, suggestion });
    }
    if (level === "read" && kind === "repository" && isOrganizationWide(name)) {
      const message = `${name} reads the whole organization, and whoever merges to this one repository decides`;
      const suggestion = "move the policy to the owner's policy repository, or remove the permission";
      findings.push({ id: "organization-read-in-repository-policy", severity: "warning", ...at, message, suggestion });
    }
    return findings;
  });
};

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

export const repositoryRules: Rule = ({ policy, kind, policyRepository }) => {
  const { repositories, permissions } = policy.document;
  const writable: Unplaced[] = [];
  const reaches = (name: string) => name.toLowerCase() === policyRepository.toLowerCase();
  const isReached = repositories === undefined || repositories.length === 0 || repositories.some(reaches);
  if (
    kind === "organization" &&
    isReached &&
    permissions.some((one) => one.name === "contents" && one.level === "write")
  ) {
    const message = `contents: write reaches ${policyRepository}, and can rewrite every trust policy of the organization`;
    const suggestion = `name the repositories without ${policyRepository}, or protect its default branch from this App`;
    writable.push({ id: "policies-writable", severity: "warning", path: "repositories", message, suggestion });
  }
  if (kind === "organization" && repositories === undefined) {
    const message =
      "without it the token reaches every repository of the installation (in the policy repository's own scope that one)";
    const suggestion = "name the repositories, or write `repositories: []` to say that all are meant";
    return [...writable, { id: "repositories-absent", severity: "warning", path: "repositories", message, suggestion }];
  }
  const repeated = (repositories ?? []).flatMap((name, i, all): readonly Unplaced[] => {
    const isRepeated = all.slice(0, i).some((before) => before.toLowerCase() === name.toLowerCase());
    const message = `${name} is listed already`;
    const path = `repositories[${i}]`;
    return isRepeated
      ? [{ id: "duplicate-repository", severity: "notice", path, message, suggestion: "remove it" }]
      : [];
  });
  return [...writable, ...repeated];
};

const PORTABLE = "remove it to keep the policy portable, or ignore this";

export const extensionRules: Rule = ({ policy: { document }, claims, workload }) => {
  const used = [
    ...(document.jwks === undefined ? [] : ["jwks"]),
    ...(document.maxTokenLifetimeSeconds === undefined ? [] : ["max_token_lifetime"]),
    ...(document.description === undefined ? [] : ["description"]),
  ];
  const table = workload?.forms;
  const isBelow = (name: string) => table?.objects?.some((object) => name.startsWith(object));
  const isPlain = (name: string) => table && formOf(table, name) !== undefined && !isBelow(name);
  const paths = claims.filter(({ name }) => isPath(name) && !isPlain(name));
  return [
    ...used.map((key): Unplaced => {
      const message = `${key} is an extension: octo-sts refuses such a policy`;
      const suggestion = PORTABLE;
      return { id: "extension-used", severity: "notice", path: key, part: "key", message, suggestion };
    }),
    ...paths.map(({ path, name }): Unplaced => {
      const message = `${quoted(name)} is found by its path inside another claim: octo-sts refuses such a policy`;
      const suggestion = PORTABLE;
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
      message: `${path} is new: octo-sts up to 0.8 refuses such a policy`,
      suggestion: PORTABLE,
    },
  ];
  if (!document.permissions.some(({ name, level }) => name === "checks" && level === "write")) return findings;
  findings.push({
    id: "app-pinned-checks",
    severity: "notice",
    path,
    message:
      "with `checks: write` one App serves this policy each time anyway: once another is pinned, nobody can update its check runs",
    suggestion: "leave it out, unless the check runs must come from this App",
  });
  return findings;
};

export const audienceRules: Rule = ({ policy, audience, domain }) => {
  if (audience === undefined) return [];
  const at = { path: audience.path };
  if (audience.kind === "pattern" && overlaps(audience.language, `(?:https://)?[^/]*${PROBE}[^/]*(?:/.*)?`)) {
    const message =
      "the audience may be any: a token that was made for another service, and seen by it, is good here too";
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
  const message = `clients of this service ask for the audience ${domain}: such tokens are refused, and those for another service taken`;
  const suggestion = `remove it, or write \`audience: ${domain}\`; keep it if the issuer cannot set the audience`;
  return [{ id: "audience-not-domain", severity: "notice", ...at, message, suggestion }];
};

export const claimRules: Rule = ({ claims, workload }) => {
  const table = workload?.forms;
  if (table === undefined) return [];
  return claims
    .filter(({ name }) => !canHaveClaim(table, name))
    .map(({ name, path }): Unplaced => {
      const near = nearest(name, claimNamesOf(table));
      const message = `${table.issuer} documents no claim ${quoted(name)}, and without it no token matches`;
      const suggestion =
        near === undefined ? "remove it, or use a claim that the issuer has" : `did you mean \`${near}\`?`;
      return { id: "claim-never-issued", severity: "warning", path, part: "key", message, suggestion };
    });
};
