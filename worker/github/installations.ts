/**
 * Where an App is installed, through the cache. One call by repository, which also says whether the App can see it; only `/orgs/`
 * and `/users/` together can say that an owner has not installed it.
 */
import * as v from "valibot";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import {
  INSTALLATION_FRESH_MS,
  INSTALLATION_NEGATIVE_MS,
  MEMORY_SHARES_BYTES,
  MISSING_LOOKUPS_MAX,
} from "../limits.ts";
import type { Entry, TieredCache, Writes } from "../store/cache.ts";
import type { App } from "./app.ts";
import type { AppApi } from "./app-jwt.ts";
import type { CallContext, RepositoryRef } from "./call.ts";
import { denialOf } from "./response.ts";
import { type Installation, parseInstallation } from "./shapes.ts";

export interface InstallationTarget {
  readonly owner: string;
  readonly repository?: string | undefined;
}

export interface Installed {
  readonly installation: Installation;
  /** Why the App cannot see the repository that was asked for. `gone`: it is on all repositories and this is none of them. */
  readonly hidden?: Hidden["problem"];
}

/** What is remembered of an App and an owner. */
export type InstallationValue =
  | { readonly kind: "found"; readonly installation: Installation }
  /** By owner: the App is not installed. */
  | { readonly kind: "none" }
  /** By owner: another name now. */
  | { readonly kind: "moved" }
  | Hidden
  /** Invalidated: to be looked up again. */
  | { readonly kind: "forgotten" };

/** By repository. */
interface Hidden {
  readonly kind: "not_visible";
  readonly problem: "not_selected" | "moved" | "gone";
}

const BY_REPOSITORY = "GET /repos/{owner}/{repo}/installation";
const BY_ORGANIZATION = "GET /orgs/{owner}/installation";
const BY_USER = "GET /users/{owner}/installation";

export interface InstallationsDeps {
  readonly apps: AppApi;
  readonly cache: TieredCache<InstallationValue>;
  readonly now: () => number;
}

export class Installations {
  readonly #deps: InstallationsDeps;

  constructor(deps: InstallationsDeps) {
    this.#deps = deps;
  }

  /** Refused as `app_not_installed`, `installation_suspended`, as a repository or owner that moved, or for what GitHub's failures are. */
  async find(app: App, target: InstallationTarget, call: CallContext): Promise<Result<Installed>> {
    const { owner, repository } = target;
    const known = await this.#recall(app, target, call);
    if (known) return known;
    call.cached?.("installation", "miss");
    if (repository === undefined) {
      const ofOwner = await this.#askByOwner(app, owner, call);
      return ofOwner.ok ? installed(target, ofOwner.value) : ofOwner;
    }
    const askedAt = this.#deps.now();
    const asked = await this.#ask({ app, route: BY_REPOSITORY, path: { owner, repo: repository } }, call);
    if (!asked.ok) return asked;
    if (asked.value.kind === "found") {
      this.#remember(ownerKey(app, owner), asked.value, askedAt, call.writes);
      return installed(target, asked.value);
    }
    // A 404 says nothing about the owner: the repository may not exist, or not be selected.
    const ofOwner = await this.#askByOwner(app, owner, call);
    if (!ofOwner.ok) return ofOwner;
    const onAll = ofOwner.value.kind === "found" && ofOwner.value.installation.repositorySelection === "all";
    const missing = onAll ? "gone" : "not_selected";
    const hidden: Hidden = { kind: "not_visible", problem: asked.value.kind === "moved" ? "moved" : missing };
    this.#remember(repositoryKey(app, owner, repository), hidden, askedAt, call.writes);
    return installed(target, ofOwner.value, hidden);
  }

  /** What a look-up by owner is answered with; undefined where GitHub would be asked. */
  async remembered(app: App, owner: string): Promise<InstallationValue | undefined> {
    return freshValue(await this.#deps.cache.get(ownerKey(app, owner)), this.#deps.now());
  }

  /**
   * Which of the repositories the App cannot see: names the culprit of a refused mint, which GitHub does not. One repository needs
   * no call; many are not worth theirs and stay unnamed.
   */
  async missing(
    app: App,
    { owner, repositories }: { readonly owner: string; readonly repositories: readonly string[] },
    call: CallContext,
  ): Promise<readonly string[]> {
    if (repositories.length === 1) return repositories;
    if (repositories.length > MISSING_LOOKUPS_MAX) return [];
    const asked = await Promise.all(
      repositories.map((repo) => this.#ask({ app, route: BY_REPOSITORY, path: { owner, repo } }, call)),
    );
    return repositories.filter((_, index) => {
      const one = asked[index];
      return one?.ok === true && one.value.kind !== "found";
    });
  }

  /** After a 401 or 404 to its use. The next look-up asks GitHub. */
  forget(app: App, owner: string, writes?: Writes): void {
    this.#remember(ownerKey(app, owner), { kind: "forgotten" }, this.#deps.now(), writes);
  }

  /** When a webhook tells of it: that an App could not see a repository is forgotten, if it was remembered. */
  async forgetRepository(app: App, { owner, repository }: RepositoryRef, writes?: Writes): Promise<void> {
    const key = repositoryKey(app, owner, repository);
    if (await this.#deps.cache.get(key)) this.#remember(key, { kind: "forgotten" }, this.#deps.now(), writes);
  }

  async #askByOwner(app: App, owner: string, call: CallContext): Promise<Result<InstallationValue>> {
    const askedAt = this.#deps.now();
    const organization = await this.#ask({ app, route: BY_ORGANIZATION, path: { owner } }, call);
    const isNone = organization.ok && organization.value.kind === "none";
    const asked = isNone ? await this.#ask({ app, route: BY_USER, path: { owner } }, call) : organization;
    if (asked.ok) this.#remember(ownerKey(app, owner), asked.value, askedAt, call.writes);
    return asked;
  }

  async #ask({ app, route, path }: Question, call: CallContext): Promise<Result<InstallationValue>> {
    const { owner } = path;
    const { result } = await this.#deps.apps.ask({ app, owner, request: { route, path, retry: true } }, call);
    if (result.kind === "not_found") return accept({ kind: "none" });
    if (result.kind === "moved") return accept({ kind: "moved" });
    const installation = result.kind === "success" ? parseInstallation(result.json, app.id) : undefined;
    if (installation === undefined) return refuse(denialOf(result, { route, appId: app.id }));
    // A name that leads to another account is one that was given up: whoever holds it now must get nothing of the old one.
    if (installation.owner.toLowerCase() !== owner.toLowerCase()) return accept({ kind: "moved" });
    return accept({ kind: "found", installation });
  }

  /** From the cache, without asking GitHub; undefined when it does not know. */
  async #recall(
    app: App,
    target: InstallationTarget,
    { cached }: Pick<CallContext, "cached">,
  ): Promise<Result<Installed> | undefined> {
    const { owner, repository } = target;
    const { cache, now } = this.#deps;
    const byOwner = ownerKey(app, owner);
    const byRepository = repository === undefined ? undefined : repositoryKey(app, owner, repository);
    // KV is asked for the repository only beside the owner: a warm exchange reads no KV.
    const warm = cache.peek(byOwner);
    const [ownerEntry, repositoryEntry] = warm
      ? [warm, byRepository && cache.peek(byRepository)]
      : await cache.getAll(byRepository ? [byOwner, byRepository] : [byOwner]);
    const ofOwner = freshValue(ownerEntry, now());
    if (!ofOwner) return undefined;
    const from = warm ? "memory" : "kv";
    cached?.("installation", ofOwner.kind === "found" ? from : "negative");
    return installed(target, ofOwner, freshValue(repositoryEntry, now()));
  }

  /** `readAt`: when GitHub was asked, as a webhook that comes meanwhile knows better. */
  #remember(key: readonly string[], value: InstallationValue, readAt: number, writes: Writes | undefined): void {
    // What is not there is written for the owner's own alone: names without end would be a write each.
    const origin = MISSES.has(value.kind) ? "owner" : "verified";
    this.#deps.cache.put(key, { value, readAt }, writes, { origin });
  }
}

const MISSES: ReadonlySet<InstallationValue["kind"]> = new Set(["none", "moved", "not_visible"]);

interface Question {
  readonly app: App;
  readonly route: string;
  readonly path: { readonly owner: string; readonly repo?: string };
}

/** What is known of the owner, in the light of what is known of the repository. Pure. */
function installed(
  { owner, repository }: InstallationTarget,
  ofOwner: InstallationValue,
  ofRepository?: InstallationValue,
): Result<Installed> {
  const hidden = ofRepository?.kind === "not_visible" ? ofRepository.problem : undefined;
  if (ofOwner.kind === "found") {
    const { installation } = ofOwner;
    if (installation.suspended) return refuse(suspended(installation));
    return accept(hidden === undefined ? { installation } : { installation, hidden });
  }
  if (ofOwner.kind !== "moved" && hidden !== "moved") return refuse({ reason: "app_not_installed", owner });
  const moved = repository === undefined ? owner : `${owner}/${repository}`;
  return refuse({ reason: "repository_not_visible", repository: moved, problem: "moved" });
}

/** The owner's number goes along: it decides who may be told. */
export const suspended = ({ owner, accountId }: Installation): Denial => ({
  reason: "installation_suspended",
  owner,
  ownerId: accountId,
});

function freshValue(entry: Entry<InstallationValue> | undefined, now: number): InstallationValue | undefined {
  if (entry === undefined || entry.value.kind === "forgotten") return undefined;
  // A suspension is lifted with one click, and without a webhook nobody tells us.
  const serves = entry.value.kind === "found" && !entry.value.installation.suspended;
  const freshMs = serves ? INSTALLATION_FRESH_MS : INSTALLATION_NEGATIVE_MS;
  return now - entry.readAt < freshMs ? entry.value : undefined;
}

const ownerKey = (app: App, owner: string) => [app.id, owner.toLowerCase()];
const repositoryKey = (app: App, owner: string, repository: string) => [
  ...ownerKey(app, owner),
  repository.toLowerCase(),
];

const stored = v.variant("kind", [
  v.object({
    kind: v.literal("found"),
    installation: v.object({
      id: v.number(),
      appId: v.string(),
      appSlug: v.optional(v.string()),
      owner: v.string(),
      accountId: v.number(),
      ownerType: v.picklist(["Organization", "User"]),
      repositorySelection: v.picklist(["all", "selected"]),
      permissions: v.array(v.tuple([v.string(), v.string()])),
      suspended: v.boolean(),
    }),
  }),
  v.object({ kind: v.picklist(["none", "moved", "forgotten"]) }),
  v.object({ kind: v.literal("not_visible"), problem: v.picklist(["not_selected", "moved", "gone"]) }),
]);

function encodeInstallation(value: InstallationValue): unknown {
  if (value.kind !== "found") return value;
  return { kind: "found", installation: { ...value.installation, permissions: [...value.installation.permissions] } };
}

function decodeInstallation(value: unknown): InstallationValue | undefined {
  const parsed = v.safeParse(stored, value);
  if (!parsed.success) return undefined;
  if (parsed.output.kind !== "found") return parsed.output;
  const { installation } = parsed.output;
  return { kind: "found", installation: { ...installation, permissions: new Map(installation.permissions) } };
}

/** What a cache of these values is made with. */
export const INSTALLATION_CACHE = {
  kind: "installation",
  maxBytes: MEMORY_SHARES_BYTES.installations,
  keepMs: INSTALLATION_FRESH_MS,
  encode: encodeInstallation,
  decode: decodeInstallation,
  isNegative: ({ kind }: InstallationValue) => kind !== "found",
} as const;
