/**
 * The form as what a policy is drafted from, or what is still missing. Pure.
 */

import { type DraftRequest, pinnableClaims } from "../../../policies/cli/draft.ts";
import { readEvidence } from "../../../policies/cli/evidence.ts";
import { REF_NAME, type WorkloadKind } from "../../../policies/cli/kinds/kind.ts";
import { kindOfToken, WORKLOAD_KINDS } from "../../../policies/cli/kinds/kinds.ts";
import { claimsFromFields } from "../../../policies/cli/workload-fields.ts";
import { identityProblem, OWNER_NAME, REPOSITORY_NAME } from "../../../policies/names.ts";
import { FIELD_PREFIX, type Form, FROM_TOKEN, type Pasted } from "./form.ts";

export interface Facts {
  /** Undefined while it is not configured. */
  readonly domain?: string | undefined;
  readonly webUrl: string;
  /** The only ones that are served; undefined: any. */
  readonly owners?: readonly string[] | undefined;
}

/** While the deployment has none. */
export const NO_DOMAIN = "sts.example.com";

export interface FormProblem {
  /** The control's name; of a field of the kind with FIELD_PREFIX before it. */
  readonly control: string;
  readonly label: string;
  /** Nothing is said yet, which is no mistake. */
  readonly isMissing: boolean;
  readonly message: string;
}

export type FormWorkload = Pick<DraftRequest, "kind" | "claims" | "also">;

export interface FormReading {
  readonly problems: readonly FormProblem[];
  /** Undefined while there are any. */
  readonly request: DraftRequest | undefined;
  /** What is known of the workload, whatever else is missing. */
  readonly workload: FormWorkload | undefined;
}

export function readForm(form: Form, evidence: Pasted, facts: Facts): FormReading {
  const { workload, problems: own } = form.kind === FROM_TOKEN ? fromToken(evidence) : fromFields(form, facts);
  const target = withDefaults(form, workload);
  const repositories = target.repositories.split(/[\s,]+/).filter((name) => name !== "");
  const problems = [
    ...ownerProblems(target, facts),
    ...repositoryProblems(target, repositories),
    ...own,
    ...placeProblems(target),
  ];
  if (workload === undefined || problems.length > 0) return { problems, request: undefined, workload };
  const request: DraftRequest = {
    ...workload,
    scope: target.isOrganization ? { owner: target.owner } : { owner: target.owner, repository: target.repository },
    domain: facts.domain ?? NO_DOMAIN,
    permissions: Object.entries(target.permissions),
    repositories: repositories.filter((name) => name !== EVERY),
    jwks: evidence.jwks.trim() === "" ? undefined : evidence.jwks,
  };
  return { problems, request, workload };
}

/** In the list of repositories. */
export const EVERY = "*";

/** What stands in empty fields: a workflow's repository is most often the one that the token is for, and the other way round. */
export function defaultsOf(kind: WorkloadKind, form: Form, facts: Facts): Readonly<Record<string, string>> {
  const repository = form.isOrganization ? "" : form.repository;
  const known: Readonly<Record<string, string>> =
    kind.ask === undefined ? { owner: form.owner, repository, issuer: actionsIssuer(facts.webUrl) } : {};
  return Object.fromEntries(Object.entries(known).filter(([name, value]) => value !== "" && name in kind.fields));
}

/** Of the GitHub that the deployment serves. */
export function actionsIssuer(webUrl: string): string {
  const host = webUrl.replace(/^https?:\/\//, "");
  if (host === "github.com") return "https://token.actions.githubusercontent.com";
  return host.endsWith(".ghe.com") ? `https://token.actions.${host}` : `${webUrl}/_services/token`;
}

/** The repository of the token, for whoever has said no other. */
function withDefaults(form: Form, workload: FormWorkload | undefined): Form {
  if (form.kind !== FROM_TOKEN) return form;
  const { owner, repository } = repositoryOf(workload);
  return { ...form, owner: form.owner || owner, repository: form.repository || repository };
}

/** Of a workflow the one that it runs in; empty for any other workload. */
export function repositoryOf(workload: FormWorkload | undefined): Pick<Form, "owner" | "repository"> {
  const [owner = "", repository = ""] = String(workload?.claims.repository ?? "").split("/");
  return { owner, repository };
}

type OfWorkload = Pick<FormReading, "workload" | "problems">;

function fromFields(form: Form, facts: Facts): OfWorkload {
  const kind = WORKLOAD_KINDS.find(({ name }) => name === form.kind);
  if (kind === undefined) return { workload: undefined, problems: [missing("kind", "choose what asks for the token")] };
  const filled = claimsFromFields(kind, { ...defaultsOf(kind, form, facts), ...form.fields });
  if (filled.ok) return { workload: { kind, claims: filled.claims, also: filled.also }, problems: [] };
  const problems = filled.problems.map(({ field, problem: what, message }) => {
    const label = kind.fields[field]?.label ?? field;
    return { control: `${FIELD_PREFIX}${field}`, label, isMissing: what === "missing", message };
  });
  return { workload: undefined, problems: problems.filter(({ control }) => !isAskedAbove(control, kind, form)) };
}

/** What is taken from the token's repository is asked for there. */
function isAskedAbove(control: string, kind: WorkloadKind, form: Form): boolean {
  if (kind.ask !== undefined) return false;
  if (control === `${FIELD_PREFIX}owner`) return form.owner === "";
  return control === `${FIELD_PREFIX}repository` && !form.isOrganization && form.repository === "";
}

function fromToken({ pasted, also }: Pasted): OfWorkload {
  const refused = (problem: FormProblem) => ({ workload: undefined, problems: [problem] });
  if (pasted.trim() === "") return refused(missing("token", "paste a token, its claims, or a job's log"));
  const found = readEvidence(pasted, "what you pasted");
  if (!found.ok) return refused(wrong("token", found.message));
  const { claims } = found;
  if (claims === undefined) return refused(wrong("token", "this is a refusal, which does not say what the token has"));
  const lacking = ["iss", "sub"].find((name) => typeof claims[name] !== "string");
  if (lacking !== undefined) return refused(wrong("token", `the claims have no \`${lacking}\``));
  const kind = kindOfToken(claims);
  const pinnable = pinnableClaims({ kind, claims });
  return { workload: { kind, claims, also: also.filter((name) => pinnable.includes(name)) }, problems: [] };
}

const LABELS = {
  kind: "Workload",
  token: "Token or claims",
  owner: "Owner",
  repository: "Repository",
  repositories: "Repositories",
  permissions: "Permissions",
  identity: "Identity",
  defaultBranch: "Default branch",
  actionCopy: "Your copy of this service",
} as const;
type Control = keyof typeof LABELS;

const problem = (control: Control, message: string, isMissing: boolean): FormProblem => {
  return { control, label: LABELS[control], message, isMissing };
};
const missing = (control: Control, message: string) => problem(control, message, true);
const wrong = (control: Control, message: string) => problem(control, message, false);

function ownerProblems({ owner }: Form, { owners }: Facts): readonly FormProblem[] {
  if (owner === "") return [missing("owner", "the account that owns what the token is for")];
  if (!OWNER_NAME.test(owner)) return [wrong("owner", "no account of GitHub can have this name")];
  // As GitHub compares them.
  const isServed = owners?.some((one) => one.toLowerCase() === owner.toLowerCase()) ?? true;
  return isServed ? [] : [wrong("owner", `this deployment serves ${owners?.join(", ")} alone`)];
}

function repositoryProblems({ repository, isOrganization }: Form, names: readonly string[]): readonly FormProblem[] {
  if (!isOrganization) {
    if (repository === "") return [missing("repository", "the repository that the token is for")];
    if (REPOSITORY_NAME.test(repository)) return [];
    return [wrong("repository", "no repository of GitHub can have this name; its owner stands in the field before")];
  }
  if (names.length === 0) return [missing("repositories", "the repositories that the token is for")];
  const isNamed = names.every((name) => REPOSITORY_NAME.test(name));
  if (isNamed || (names.length === 1 && names[0] === EVERY)) return [];
  return [wrong("repositories", `names of repositories without their owner, or ${EVERY} alone for every one of them`)];
}

function placeProblems({ identity, permissions, defaultBranch, actionCopy }: Form): readonly FormProblem[] {
  const unfit = identity === "" ? undefined : identityProblem(identity);
  const [owner = "", name = "", ...rest] = actionCopy.split("/");
  const isCopy = OWNER_NAME.test(owner) && REPOSITORY_NAME.test(name) && rest.length === 0;
  return [
    ...(identity === "" ? [missing("identity", "the policy's name")] : []),
    ...(unfit === undefined ? [] : [wrong("identity", unfit)]),
    ...(Object.keys(permissions).length === 0 ? [missing("permissions", "at least one permission")] : []),
    ...(defaultBranch === "" || REF_NAME.test(defaultBranch)
      ? []
      : [wrong("defaultBranch", "no branch can have this name")]),
    ...(actionCopy === "" || isCopy ? [] : [wrong("actionCopy", "a repository, as acme/octo-sts-edge")]),
  ];
}
