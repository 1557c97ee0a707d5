/**
 * `policy new`: a first policy and its test, from a token's claims or from what the author knows of the workload.
 */

import { checkPolicy, countBySeverity, inFile } from "../check.ts";
import { POLICY_DIRECTORY, POLICY_SUFFIX, TEST_SUFFIX } from "../file-names.ts";
import { identityProblem, OWNER_NAME, REPOSITORY_NAME } from "../names.ts";
import type { CommandResult } from "./check.ts";
import { type Disk, mustRead, shown, Unusable } from "./disk.ts";
import { type DraftRequest, draftPolicy, pinnableClaims } from "./draft.ts";
import { readEvidence } from "./evidence.ts";
import { kindOfToken, WORKLOAD_KINDS } from "./kinds/kinds.ts";
import { type Paint, wrap } from "./layout.ts";
import type { Options, RawOptions } from "./options.ts";
import { textReport } from "./reports.ts";
import { environmentOf, usageOf } from "./usage.ts";
import { claimsFromFields } from "./workload-fields.ts";

/** Throws Unusable. `options`: of the deployment. */
export function newCommand(
  [identity = "", ...settings]: readonly string[],
  values: RawOptions,
  options: Options,
  disk: Disk,
  paint: Paint,
): CommandResult {
  const problem = identity === "" ? "none is given" : identityProblem(identity);
  if (problem !== undefined) throw new Unusable(`new needs an identity, as \`release\`: ${problem}`);
  const request = draftRequest(settings, values, options, disk);
  const draft = draftPolicy(request);
  const directory = disk.absolute(values.out ?? POLICY_DIRECTORY).replace(/\/$/, "");
  const files = [
    [`${directory}/${identity}${POLICY_SUFFIX}`, draft.policy],
    [`${directory}/${identity}${TEST_SUFFIX}`, draft.test],
  ] as const;
  const { owner } = request.scope;
  const kind = request.scope.repository === undefined ? "organization" : "repository";
  const { diagnostics } = checkPolicy(draft.policy, { kind, owner, domain: request.domain, rules: options.rules });
  const told = textReport(inFile(shown(disk, files[0][0]), diagnostics), 1, paint);
  // Such a policy would never let anybody in: what is missing is told, and nothing is written.
  if (countBySeverity(diagnostics, "error") > 0) {
    const isUnasked = diagnostics.some(({ severity, path }) => severity === "error" && path === "issuer");
    const hint = isUnasked ? "\nGive the issuer's key set with --jwks FILE.\n" : "";
    return { code: 1, text: `${draft.policy}\n${told}${hint}` };
  }
  for (const [path] of files) {
    if (disk.kindOf(path) !== "nothing") throw new Unusable(`${shown(disk, path)} is there already`);
  }
  for (const [path, text] of files) disk.write(path, text);
  const wrote = files.map(([path]) => `wrote ${shown(disk, path)}\n`).join("");
  const notes = diagnostics.length > 0 ? `\n${told}` : "";
  return { code: 0, text: `${wrote}\n${draft.policy}${notes}\n${nextSteps(identity, request)}` };
}

function draftRequest(settings: readonly string[], values: RawOptions, options: Options, disk: Disk): DraftRequest {
  const { domain } = options;
  if (domain === undefined) throw new Unusable("new needs --domain, the deployment's host name: it is the audience");
  const { kind, claims, also } = workload(settings, values, disk);
  for (const name of ["iss", "sub"]) {
    if (typeof claims[name] !== "string") throw new Unusable(`the claims have no \`${name}\``);
  }
  const scope = scopeFrom(values.scope ?? claims.repository);
  const repositories = values.repositories?.split(",").filter((name) => name !== "") ?? [];
  if (scope.repository === undefined && values.repositories === undefined) {
    throw new Unusable('an organization policy needs --repositories a,b; "" stands for every repository');
  }
  const jwks = values.jwks === undefined ? undefined : mustRead(disk, values.jwks);
  return { kind, claims, also, scope, domain, permissions: permissionsFrom(values.permissions), repositories, jwks };
}

type Workload = Pick<DraftRequest, "kind" | "claims" | "also">;

/** From a token's claims, whose issuer says the kind; or from the kind's fields. */
function workload(settings: readonly string[], values: RawOptions, disk: Disk): Workload {
  const { claims: file, token, "token-file": tokenFile, kind: name } = values;
  const given = [file, token, tokenFile].filter((value) => value !== undefined);
  if (given.length + (name === undefined ? 0 : 1) !== 1 || (given.length === 1 && settings.length > 0)) {
    throw new Unusable(`new needs one of --claims, --token-file, --kind; kinds are ${KIND_NAMES}`);
  }
  if (name !== undefined && values.pin !== undefined) throw new Unusable("--pin needs a token or its claims");
  if (name !== undefined) return fromFields(name, settings);
  const source = file ?? tokenFile;
  const evidence = readEvidence(source === undefined ? (token ?? "") : mustRead(disk, source), source ?? "--token");
  if (!evidence.ok) throw new Unusable(evidence.message);
  if (evidence.claims === undefined)
    throw new Unusable(`${source} is a refusal, which does not say what the token has`);
  const found = { kind: kindOfToken(evidence.claims), claims: evidence.claims };
  return { ...found, also: pinsFrom(values.pin, found) };
}

function pinsFrom(names: string | undefined, found: Pick<Workload, "kind" | "claims">): readonly string[] {
  const wanted = names?.split(",") ?? [];
  const pinnable = pinnableClaims(found);
  const unfit = wanted.find((name) => !pinnable.includes(name) && !found.kind.pins.includes(name));
  if (unfit === undefined) return wanted;
  throw new Unusable(`"${unfit}" is no claim of the token that stays the same; of those it has ${pinnable.join(", ")}`);
}

const KIND_NAMES = WORKLOAD_KINDS.map(({ name }) => name).join(", ");

function fromFields(name: string, settings: readonly string[]): Workload {
  const kind = WORKLOAD_KINDS.find((candidate) => candidate.name === name);
  if (kind === undefined) throw new Unusable(`unknown kind "${name}"; known are ${KIND_NAMES}`);
  const given = settings.map((setting) => [setting.split("=", 1)[0] ?? "", setting.replace(/^[^=]*=?/, "")] as const);
  const filled = claimsFromFields(kind, Object.fromEntries(given));
  if (filled.ok) return { kind, claims: filled.claims, also: filled.also };
  const missing = filled.problems.filter(({ problem }) => problem === "missing");
  const wrong = filled.problems.find(({ problem }) => problem !== "missing");
  if (wrong?.problem === "unknown") throw new Unusable(wrong.message);
  if (wrong !== undefined) throw new Unusable(`${wrong.field} ${wrong.message}`);
  const wanted = missing.map(({ field }) => `${field}=... (${kind.fields[field]?.about})`).join("; ");
  throw new Unusable(`a workload of kind ${name} needs ${wanted}`);
}

function scopeFrom(text: unknown): DraftRequest["scope"] {
  const [owner = "", repository, ...rest] = typeof text === "string" ? text.split("/") : [];
  const isGood = OWNER_NAME.test(owner) && (repository === undefined || REPOSITORY_NAME.test(repository));
  if (!isGood || rest.length > 0)
    throw new Unusable("new needs --scope, the repository that the token is for, as owner/name");
  return repository === undefined ? { owner } : { owner, repository };
}

function permissionsFrom(text = "contents:read"): DraftRequest["permissions"] {
  return text.split(",").map((entry) => {
    const [name = "", level = "", ...rest] = entry.trim().split(":");
    if (name === "" || level === "" || rest.length > 0) {
      throw new Unusable("--permissions must be of the form contents:read,issues:write");
    }
    return [name, level] as const;
  });
}

function nextSteps(identity: string, request: DraftRequest): string {
  const { kind, scope, domain, claims } = request;
  const place = `${scope.owner}/${scope.repository ?? ".github"}`;
  const isForUs = [claims.aud].flat().some((audience) => audience === domain || audience === `https://${domain}`);
  const otherwise =
    kind.fixedAudience || claims.aud === undefined || isForUs
      ? []
      : wrap(`This token was made for another audience: ask for one with the audience ${domain}.`, 80);
  const environment = environmentOf(claims);
  const usage = usageOf(request, identity).text.trimEnd().split("\n");
  return [
    ...wrap(
      `Commit both files to the default branch of ${place}, in ${POLICY_DIRECTORY}. Run \`policy test\` there after each change.`,
      80,
    ),
    "",
    ...otherwise,
    ...(environment === undefined
      ? []
      : [`The job runs with \`environment: ${environment}\`, which is in its subject.`]),
    "Ask for the token:",
    "",
    ...usage.map((line) => `    ${line}`),
    "",
  ].join("\n");
}
