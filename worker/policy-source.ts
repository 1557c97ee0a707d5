/**
 * Scope and identity -> the trust policy and the owner's issuer allow-list, through the caches (DESIGN sections 3.5, 3.6, 7).
 * Two halves, because nothing may be read before a known issuer's signature is verified: `open` finds the App installation and
 * mints the read token, `read` reads. A stale copy is served only while GitHub limits or fails, and never once struck out.
 */
import { parseTrustedIssuers } from "../policies/issuers.ts";
import { type PolicyKind, parsePolicy } from "../policies/parse.ts";
import { accept, type Denial, type Result, refuse } from "./denial.ts";
import type { App, FileOutcome, GitHub, Installation } from "./github/github.ts";
import { type Access, type AccessCall, type AccessQuery, type ReadAccess, readAccess } from "./github/read-access.ts";
import { ALLOW_LIST_FRESH_MS, ALLOW_LIST_STALE_MS, POLICY_FRESH_MS, POLICY_STALE_MS } from "./limits.ts";
import type { CacheKey, Entry, TieredCache } from "./store/cache.ts";
import { type AllowListValue, ageOf, type PolicyValue, type Struck } from "./store/policy-entries.ts";

export interface Scope {
  readonly owner: string;
  /** Absent for the owner's own scope. */
  readonly repository?: string;
}

export const scopeText = ({ owner, repository }: Scope): string =>
  repository === undefined ? owner : `${owner}/${repository}`;

/** Where the policy lies and how it is read. */
export interface Target {
  readonly scope: Scope;
  readonly repository: string;
  readonly identity: string;
  readonly kind: PolicyKind;
  /** In the repository. */
  readonly path: string;
  /** `owner/repository/path`, as callers are told it. */
  readonly fullPath: string;
  /** The scope as one text. */
  readonly scopeText: string;
}

/** Step 5 and the read token of step 6: an installation, and for each file what is cached or the way to it. */
export interface Opened {
  readonly target: Target;
  readonly app: App;
  readonly installation: Installation;
  readonly policy: Lead<PolicyValue>;
  readonly allowList: Lead<AllowListValue>;
}

interface Lead<V> {
  readonly cached: Entry<V | Struck> | undefined;
  /** Absent when the cached entry is fresh. */
  readonly access?: Access;
}

export interface Sources {
  readonly allowList: Result<AllowListValue>;
  readonly policy: Result<PolicyValue>;
}

export interface PolicySourceDeps {
  readonly github: GitHub;
  readonly policies: TieredCache<PolicyValue | Struck>;
  readonly allowLists: TieredCache<AllowListValue | Struck>;
  /** When an entry was last struck out, in ms; asked before anything stale is served. */
  readonly strikes: TieredCache<number>;
  readonly orgPolicyRepo: string;
  readonly now: () => number;
}

export const ALLOW_LIST_PATH = ".github/chainguard/trusted-token-issuers.yaml";
const POLICY_TIMES = { freshMs: POLICY_FRESH_MS, staleMs: POLICY_STALE_MS };
const ALLOW_LIST_TIMES = { freshMs: ALLOW_LIST_FRESH_MS, staleMs: ALLOW_LIST_STALE_MS };

/** An owner's own scope, and its policy repository in any case, hold organisation policies (reference section 2). */
export function targetOf(scope: Scope, identity: string, orgPolicyRepo: string): Target {
  const repository = scope.repository ?? orgPolicyRepo;
  const kind = repository.toLowerCase() === orgPolicyRepo.toLowerCase() ? "organization" : "repository";
  const path = `.github/chainguard/${identity}.sts.yaml`;
  const fullPath = `${scope.owner}/${repository}/${path}`;
  return { scope, repository, identity, kind, path, fullPath, scopeText: scopeText(scope) };
}

export const policyKey = (target: Target): CacheKey => [
  target.kind,
  target.scope.owner.toLowerCase(),
  target.repository.toLowerCase(),
  target.identity,
];
export const allowListKey = (owner: string): CacheKey => [owner.toLowerCase()];

export class PolicySource {
  readonly #deps: PolicySourceDeps;

  constructor(deps: PolicySourceDeps) {
    this.#deps = deps;
  }

  /** True when step 6 would ask GitHub nothing. */
  async isCached(target: Target): Promise<boolean> {
    const { policy, allowList } = await this.#cached(target);
    return this.#isFresh(policy, POLICY_TIMES) && this.#isFresh(allowList, ALLOW_LIST_TIMES);
  }

  /** Through the first App, in order of choice, that is installed, sees the policy's repository and is not limited. */
  async open(target: Target, call: AccessCall): Promise<Result<Opened>> {
    const { github } = this.#deps;
    const cached = await this.#cached(target);
    const query = this.#query(target, cached);
    let limited: Opened | undefined;
    let blind: Opened | undefined;
    let denial: Denial = { reason: "app_not_installed", owner: target.scope.owner };
    for (const app of github.appsFor(target.scope.owner)) {
      const access = await readAccess(github, app, query, call);
      if (!access.ok) {
        if (!mayAnotherAppServe(access.denial)) return access;
        denial = moreTelling(denial, access.denial);
        continue;
      }
      const opened = this.#opened(target, cached, access.value);
      if (isLimited(opened)) limited ??= opened;
      else if (opened.policy.access?.kind === "not_visible") blind ??= opened;
      else return accept(opened);
    }
    // A limited App still leads to stale copies; a blind one to the allow-list, which is judged first.
    const best = limited ?? blind;
    return best ? accept(best) : refuse(denial);
  }

  /** Reads what is not fresh, both files at once. */
  async read(opened: Opened, call: AccessCall): Promise<Sources> {
    const [allowList, policy] = await Promise.all([this.#allowList(opened, call), this.#policy(opened, call)]);
    return { allowList, policy };
  }

  async #cached(target: Target): Promise<Cached> {
    const [policy, allowList] = await Promise.all([
      this.#deps.policies.get(policyKey(target)),
      this.#deps.allowLists.get(allowListKey(target.scope.owner)),
    ]);
    return { policy, allowList };
  }

  #isFresh(entry: Entry<{ readonly state: string }> | undefined, times: Times): boolean {
    return entry?.value.state !== "struck" && ageOf(entry, this.#deps.now(), times) === "fresh";
  }

  #query(target: Target, cached: Cached): AccessQuery {
    const wanted = new Set<string>();
    if (!this.#isFresh(cached.policy, POLICY_TIMES)) wanted.add(target.repository.toLowerCase());
    if (!this.#isFresh(cached.allowList, ALLOW_LIST_TIMES)) wanted.add(this.#deps.orgPolicyRepo.toLowerCase());
    const list = cached.allowList?.value;
    return {
      ...target.scope,
      wanted: [...wanted],
      apart: list?.state === "absent" && list.because === "not_visible",
    };
  }

  #opened(target: Target, cached: Cached, access: ReadAccess): Opened {
    const policyFresh = this.#isFresh(cached.policy, POLICY_TIMES);
    const listFresh = this.#isFresh(cached.allowList, ALLOW_LIST_TIMES);
    const toPolicy = access.to.get(target.repository.toLowerCase());
    const toList = access.to.get(this.#deps.orgPolicyRepo.toLowerCase());
    return {
      target,
      app: access.app,
      installation: access.installation,
      policy: { cached: cached.policy, ...(!policyFresh && toPolicy && { access: toPolicy }) },
      allowList: { cached: cached.allowList, ...(!listFresh && toList && { access: toList }) },
    };
  }

  async #policy(opened: Opened, call: AccessCall): Promise<Result<PolicyValue>> {
    const { target, policy } = opened;
    const key = policyKey(target);
    if (!policy.access && policy.cached && policy.cached.value.state !== "struck") return accept(policy.cached.value);
    const file = { owner: opened.installation.owner, repository: target.repository, path: target.path };
    let read = await this.#file(policy.access, file, call);
    if (!read.ok && read.denial.reason === "github_rate_limited") {
      const stale = await this.#stale(policy.cached, key, POLICY_TIMES);
      if (stale?.state === "present") return this.#serveStale(stale, call);
      read = await this.#elsewhere(opened, target.repository, file, call);
    }
    if (read.ok) return accept(this.#keepPolicy(target, read.value, call));
    if (!isOutage(read.denial)) return read;
    const stale = await this.#stale(policy.cached, key, POLICY_TIMES);
    return stale?.state === "present" ? this.#serveStale(stale, call) : read;
  }

  async #allowList(opened: Opened, call: AccessCall): Promise<Result<AllowListValue>> {
    const { allowList, target } = opened;
    const key = allowListKey(target.scope.owner);
    const { cached } = allowList;
    if (!allowList.access && cached && cached.value.state !== "struck") return accept(cached.value);
    const repository = this.#deps.orgPolicyRepo;
    const file = { owner: opened.installation.owner, repository, path: ALLOW_LIST_PATH };
    let read = await this.#file(allowList.access, file, call);
    // Another App may see what this one may not: absent only when each that is installed was told the same.
    if (!read.ok && mayAnotherAppServe(read.denial)) read = await this.#elsewhere(opened, repository, file, call, read);
    if (!read.ok && read.denial.reason === "repository_not_visible" && read.denial.problem === "not_selected") {
      return accept(this.#keepAllowList(key, { state: "absent", because: "not_visible" }, this.#deps.now(), call));
    }
    const stale = await this.#stale(cached, key, ALLOW_LIST_TIMES);
    if (!read.ok) return stale ? this.#serveStale(stale, call) : refuse(allowListDenial(read.denial));
    const value = allowListValue(read.value);
    // An unusable file falls back on the last good list (never on "no list"), which counts as fresh again (reference section 5).
    const kept = value.state === "broken" && stale?.state === "present" ? stale : value;
    return accept(this.#keepAllowList(key, kept, read.value.readAt, call));
  }

  /** One read with one access; what stands in the way is a denial. */
  async #file(access: Access | undefined, file: FileAddress, call: AccessCall): Promise<Result<Found>> {
    const repository = `${file.owner}/${file.repository}`;
    if (!access) return refuse({ reason: "repository_not_visible", repository, problem: "not_selected" });
    if (access.kind === "denied") return refuse(access.denial);
    if (access.kind === "not_visible") {
      return refuse({ reason: "repository_not_visible", repository, problem: access.problem });
    }
    // The time before the question: a push while GitHub answers must count as later.
    const readAt = this.#deps.now();
    const outcome = await this.#deps.github.readFile(access.token, file, call);
    return "denial" in outcome
      ? refuse(outcome.denial)
      : accept({ outcome, readAt, repositoryIsPublic: access.repositoryIsPublic });
  }

  /** The same file through the owner's other Apps, until one answers. */
  async #elsewhere(
    opened: Opened,
    repository: string,
    file: FileAddress,
    call: AccessCall,
    first: Result<Found> = refuse({ reason: "github_rate_limited", retryAfterSeconds: 60, limit: "primary" }),
  ): Promise<Result<Found>> {
    let answer = first;
    const { github } = this.#deps;
    const query = { owner: opened.target.scope.owner, wanted: [repository.toLowerCase()], apart: false };
    for (const app of github.appsFor(opened.target.scope.owner)) {
      if (app.id === opened.app.id) continue;
      const access = await readAccess(github, app, query, call);
      if (!access.ok && access.denial.reason === "app_not_installed") continue;
      const read = access.ok ? await this.#file(access.value.to.get(repository.toLowerCase()), file, call) : access;
      if (read.ok) return read;
      answer = answer.ok ? answer : refuse(moreTelling(answer.denial, read.denial));
    }
    return answer;
  }

  async #stale<V>(entry: Entry<V | Struck> | undefined, key: CacheKey, times: Times): Promise<V | undefined> {
    if (!entry || ageOf(entry, this.#deps.now(), times) === "gone" || isStruck(entry.value)) return undefined;
    const strike = await this.#deps.strikes.get(key);
    return strike && strike.value > entry.readAt ? undefined : entry.value;
  }

  #serveStale<V>(value: V, call: AccessCall): Result<V> {
    call.count?.("stale_served");
    return accept(value);
  }

  #keepPolicy(target: Target, found: Found, call: AccessCall): PolicyValue {
    const key = policyKey(target);
    const { readAt } = found;
    const value = policyValue(target, found);
    this.#deps.policies.put(key, { value, readAt }, call.writes);
    // A 404 strikes out every older copy, wherever it is kept: a deleted policy never returns.
    if (value.state === "absent") this.#deps.strikes.put(key, { value: readAt, readAt }, call.writes);
    return value;
  }

  #keepAllowList(key: CacheKey, value: AllowListValue, readAt: number, call: AccessCall): AllowListValue {
    this.#deps.allowLists.put(key, { value, readAt }, call.writes);
    if (value.state === "absent") this.#deps.strikes.put(key, { value: readAt, readAt }, call.writes);
    return value;
  }
}

interface Cached {
  readonly policy: Entry<PolicyValue | Struck> | undefined;
  readonly allowList: Entry<AllowListValue | Struck> | undefined;
}

interface Times {
  readonly freshMs: number;
  readonly staleMs: number;
}

interface FileAddress {
  readonly owner: string;
  readonly repository: string;
  readonly path: string;
}

/** An answer of GitHub about one file, good or bad, that may be kept. */
interface Found {
  readonly outcome: Exclude<FileOutcome, { readonly denial: Denial }>;
  readonly repositoryIsPublic: boolean;
  /** In ms. */
  readonly readAt: number;
}

function policyValue(target: Target, { outcome, repositoryIsPublic }: Found): PolicyValue {
  const common = { public: repositoryIsPublic };
  if (outcome.kind === "absent") return { state: "absent", ...common };
  if (outcome.kind !== "file") return { state: "unreadable", problem: outcome.kind, ...common };
  const parsed = parsePolicy(outcome.text, { kind: target.kind, owner: target.scope.owner });
  return parsed.ok
    ? { state: "present", sha: outcome.sha, policy: parsed.value, ...common }
    : { state: "broken", sha: outcome.sha, faults: parsed.faults, ...common };
}

function allowListValue({ outcome }: Found): AllowListValue {
  if (outcome.kind === "absent") return { state: "absent", because: "no_file" };
  if (outcome.kind !== "file") {
    const message = `${ALLOW_LIST_PATH} is no readable file (${outcome.kind})`;
    return { state: "broken", faults: [{ path: "", line: 1, column: 1, message }] };
  }
  const parsed = parseTrustedIssuers(outcome.text);
  return parsed.ok
    ? { state: "present", sha: outcome.sha, list: parsed.value }
    : { state: "broken", faults: parsed.faults };
}

const isStruck = (value: unknown): value is Struck =>
  typeof value === "object" && value !== null && "state" in value && value.state === "struck";

function isLimited(opened: Opened): boolean {
  return [opened.policy, opened.allowList].some(
    ({ access }) => access?.kind === "denied" && access.denial.reason === "github_rate_limited",
  );
}

const OUTAGES: ReadonlySet<Denial["reason"]> = new Set([
  "github_rate_limited",
  "github_unavailable",
  "github_invalid_answer",
]);

const isOutage = (denial: Denial): boolean => OUTAGES.has(denial.reason);

/** What one App cannot do another may: each has its own installations, repositories and quota. Outages are everyone's. */
const TELLING: readonly Denial["reason"][] = [
  "app_not_installed",
  "repository_not_visible",
  "installation_suspended",
  "app_credentials_rejected",
  "github_rate_limited",
];

const mayAnotherAppServe = (denial: Denial): boolean => TELLING.includes(denial.reason);

/** Of two Apps' denials the one that a caller can do most about; a limit passes by itself. */
function moreTelling(one: Denial, other: Denial): Denial {
  const rank = (denial: Denial) => (mayAnotherAppServe(denial) ? TELLING.indexOf(denial.reason) : TELLING.length);
  return rank(other) > rank(one) ? other : one;
}

function allowListDenial(denial: Denial): Denial {
  if (denial.reason === "github_rate_limited") {
    return { reason: "allow_list_rate_limited", retryAfterSeconds: denial.retryAfterSeconds };
  }
  return { reason: "allow_list_unavailable", problem: denial.reason };
}
