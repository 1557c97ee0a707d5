/**
 * Where an App is installed, through the cache (worker/README.md, "GitHub"). One call by repository, which also says whether the App
 * can see it; only `/orgs/` and `/users/` together can say that an owner has not installed it.
 */
import type { Denial } from "../denial.ts";
import { INSTALLATION_FRESH_MS, INSTALLATION_NEGATIVE_MS, MISSING_LOOKUPS_MAX } from "../limits.ts";
import type { Entry, TieredCache, Writes } from "../store/cache.ts";
import type { App } from "./app-jwt.ts";
import { type AppCallDeps, callAsApp } from "./as-app.ts";
import type { CallContext } from "./call.ts";
import { denialOf } from "./denials.ts";
import type { InstallationValue } from "./installation-cache.ts";
import { type Installation, parseInstallation } from "./shapes.ts";

export interface InstallationDeps extends AppCallDeps {
  readonly installationCache: TieredCache<InstallationValue>;
}

export interface LookupTarget {
  readonly owner: string;
  readonly repository?: string | undefined;
}

export type Lookup =
  /** Perhaps suspended: whoever uses it looks at `installation.suspended`. */
  | { readonly kind: "found"; readonly installation: Installation }
  | { readonly kind: "not_installed" }
  | {
      readonly kind: "repository_not_visible";
      readonly installation: Installation;
      /** `gone`: the App is on all repositories and this is none of them. */
      readonly problem: "not_selected" | "moved" | "gone";
    }
  /** The owner has another name now, or the repository another owner, and the App is not installed under this name. */
  | { readonly kind: "moved" }
  | { readonly kind: "denied"; readonly denial: Denial };

type Asked =
  | { readonly kind: "found"; readonly installation: Installation }
  | { readonly kind: "not_found" | "moved" }
  | { readonly kind: "denied"; readonly denial: Denial };

const BY_REPOSITORY = "GET /repos/{owner}/{repo}/installation";
const BY_ORGANIZATION = "GET /orgs/{owner}/installation";
const BY_USER = "GET /users/{owner}/installation";

export async function findInstallation(
  deps: InstallationDeps,
  app: App,
  target: LookupTarget,
  call: CallContext,
): Promise<Lookup> {
  const known = await recall(deps, app, target);
  if (known) return known;
  if (target.repository === undefined) return findByOwner(deps, app, target.owner, call);
  const path = { owner: target.owner, repo: target.repository };
  const asked = await ask(deps, { app, route: BY_REPOSITORY, path }, call);
  if (asked.kind === "denied") return asked;
  if (asked.kind === "found") {
    remember(deps, ownerKey(app, target.owner), asked, call.writes);
    return asked;
  }
  // A 404 says nothing about the owner: the repository may not exist, or not be selected.
  const byOwner = await findByOwner(deps, app, target.owner, call);
  if (byOwner.kind === "denied") return byOwner;
  const onAll = byOwner.kind === "found" && byOwner.installation.repositorySelection === "all";
  const missing = onAll ? "gone" : "not_selected";
  const value = { kind: "not_visible", problem: asked.kind === "moved" ? "moved" : missing } as const;
  remember(deps, repositoryKey(app, target.owner, target.repository), value, call.writes);
  return withRepository(byOwner, value);
}

/**
 * Which of the repositories the App cannot see: names the culprit of a refused mint, which GitHub does not. One repository needs
 * no call; many are not worth theirs and stay unnamed.
 */
export async function findMissing(
  deps: InstallationDeps,
  app: App,
  { owner, repositories }: { readonly owner: string; readonly repositories: readonly string[] },
  call: CallContext,
): Promise<readonly string[]> {
  if (repositories.length === 1) return repositories;
  if (repositories.length > MISSING_LOOKUPS_MAX) return [];
  const asked = await Promise.all(
    repositories.map((repo) => ask(deps, { app, route: BY_REPOSITORY, path: { owner, repo } }, call)),
  );
  return repositories.filter((_, index) => asked[index]?.kind === "not_found" || asked[index]?.kind === "moved");
}

/** After a 401 or 404 to its use. The next look-up asks GitHub. */
export function forgetInstallation(deps: InstallationDeps, app: App, owner: string, writes: Writes | undefined): void {
  remember(deps, ownerKey(app, owner), { kind: "forgotten" }, writes);
}

/** When a webhook tells of it: that an App could not see a repository is forgotten, if it was remembered. */
export async function forgetRepository(
  deps: InstallationDeps,
  app: App,
  { owner, repository }: { readonly owner: string; readonly repository: string },
  writes: Writes | undefined,
): Promise<void> {
  const key = repositoryKey(app, owner, repository);
  if (await deps.installationCache.get(key)) remember(deps, key, { kind: "forgotten" }, writes);
}

async function findByOwner(deps: InstallationDeps, app: App, owner: string, call: CallContext): Promise<Lookup> {
  const organization = await ask(deps, { app, route: BY_ORGANIZATION, path: { owner } }, call);
  const asked =
    organization.kind === "not_found" ? await ask(deps, { app, route: BY_USER, path: { owner } }, call) : organization;
  if (asked.kind === "denied") return asked;
  const value: InstallationValue = asked.kind === "found" ? asked : { kind: asked.kind === "moved" ? "moved" : "none" };
  remember(deps, ownerKey(app, owner), value, call.writes);
  return lookupOf(value);
}

interface Question {
  readonly app: App;
  readonly route: string;
  readonly path: { readonly owner: string; readonly repo?: string };
}

async function ask(deps: InstallationDeps, { app, route, path }: Question, call: CallContext): Promise<Asked> {
  const { owner } = path;
  const { meaning } = await callAsApp(
    deps,
    { app, owner, request: { route, path, retry: true }, tryOtherKey: true },
    call,
  );
  if (meaning.kind === "not_found" || meaning.kind === "moved") return { kind: meaning.kind };
  const asked = { route, appId: app.id };
  if (meaning.kind !== "success") return { kind: "denied", denial: denialOf(meaning, asked) };
  const installation = parseInstallation(meaning.json, app.id);
  if (installation === undefined) return { kind: "denied", denial: denialOf(meaning, asked) };
  // A name that leads to another account is one that was given up: whoever holds it now must get nothing of the old one.
  if (installation.owner.toLowerCase() !== owner.toLowerCase()) return { kind: "moved" };
  return { kind: "found", installation };
}

/** From the cache, without asking GitHub; undefined when it does not know. */
async function recall(deps: InstallationDeps, app: App, target: LookupTarget): Promise<Lookup | undefined> {
  const { owner, repository } = target;
  const cache = deps.installationCache;
  const byOwner = ownerKey(app, owner);
  const byRepository = repository === undefined ? undefined : repositoryKey(app, owner, repository);
  // KV is asked for the repository only beside the owner: a warm exchange reads no KV.
  const warm = cache.peek(byOwner);
  const [ownerEntry, repositoryEntry] = warm
    ? [warm, byRepository && cache.peek(byRepository)]
    : await Promise.all([cache.get(byOwner), byRepository && cache.get(byRepository)]);
  const ofOwner = freshValue(ownerEntry, deps.now());
  if (ofOwner === undefined) return undefined;
  return withRepository(lookupOf(ofOwner), freshValue(repositoryEntry, deps.now()));
}

function freshValue(entry: Entry<InstallationValue> | undefined, now: number): InstallationValue | undefined {
  if (entry === undefined || entry.value.kind === "forgotten") return undefined;
  // A suspension is lifted with one click, and without a webhook nobody tells us.
  const serves = entry.value.kind === "found" && !entry.value.installation.suspended;
  const freshMs = serves ? INSTALLATION_FRESH_MS : INSTALLATION_NEGATIVE_MS;
  return now - entry.readAt < freshMs ? entry.value : undefined;
}

/** What is known of the owner, in the light of what is known of the repository. Pure. */
function withRepository(byOwner: Lookup, repository: InstallationValue | undefined): Lookup {
  if (repository?.kind !== "not_visible") return byOwner;
  if (byOwner.kind === "found") {
    return { kind: "repository_not_visible", installation: byOwner.installation, problem: repository.problem };
  }
  return repository.problem === "moved" ? { kind: "moved" } : byOwner;
}

function lookupOf(value: InstallationValue): Lookup {
  if (value.kind === "found" || value.kind === "moved") return value;
  return { kind: "not_installed" };
}

function remember(
  deps: InstallationDeps,
  key: readonly string[],
  value: InstallationValue,
  writes: Writes | undefined,
): void {
  deps.installationCache.put(key, { value, readAt: deps.now() }, writes);
}

const ownerKey = (app: App, owner: string) => [app.id, owner.toLowerCase()];
const repositoryKey = (app: App, owner: string, repository: string) => [
  ...ownerKey(app, owner),
  repository.toLowerCase(),
];
