/**
 * Which repositories an installation sees, where they are few: one list instead of look-ups of repositories that nobody has heard of
 * (worker/README.md, "Who pays"). What it says only spares calls: a repository that it lacks is refused, one that it has is looked up.
 */
import type { Result } from "../denial.ts";
import {
  INSTALLATIONS_LISTED_MAX,
  MEMORY_SHARES_BYTES,
  REPOSITORIES_ANSWER_MAX_BYTES,
  REPOSITORIES_FRESH_MS,
  REPOSITORIES_PAGES_MAX,
  REPOSITORIES_PER_PAGE,
  REPOSITORIES_READ_EVERY_MS,
} from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import type { App } from "./app.ts";
import type { CallContext, RepositoryRef, TokenApi } from "./call.ts";
import type { Installations } from "./installations.ts";
import { type Installation, parseRepositoryPage } from "./shapes.ts";
import type { MintedToken } from "./tokens.ts";

interface List {
  /** In lower case. */
  readonly names: ReadonlySet<string>;
  /** False where the installation has more than are listed here. */
  readonly isComplete: boolean;
  /** When GitHub was asked, in ms. */
  readonly readAt: number;
}

const LIST = "GET /installation/repositories";

export interface InstalledRepositoriesDeps {
  readonly installations: Pick<Installations, "remembered">;
  readonly tokens: TokenApi & {
    /** Sees names, and nothing in the repositories. */
    mintListToken(app: App, installation: Installation, call: CallContext): Promise<Result<MintedToken>>;
  };
  readonly now: () => number;
}

export interface ListCall extends CallContext {
  /** A token of our own, to be revoked after the answer. */
  readonly minted: (token: string) => void;
}

/** In memory only, as each isolate needs it in the middle of a flood alone. */
export class InstalledRepositories {
  readonly #deps: InstalledRepositoriesDeps;
  /** By installation. */
  readonly #lists = new BoundedMap<List>(INSTALLATIONS_LISTED_MAX, {
    maxBytes: MEMORY_SHARES_BYTES.repositories,
    of: ({ names }) => [...names].reduce((bytes, name) => bytes + name.length + ENTRY_BYTES, ENTRY_BYTES),
  });
  /** By installation: when the list was asked for last, in ms. */
  readonly #askedAt = new BoundedMap<number>(INSTALLATIONS_LISTED_MAX);

  constructor(deps: InstalledRepositoriesDeps) {
    this.#deps = deps;
  }

  /** Whether one of the Apps sees it; undefined when nobody knows. `voidBefore`: what a webhook made void, in ms. */
  async has(
    apps: readonly App[],
    { owner, repository }: RepositoryRef,
    { voidBefore, call }: { readonly voidBefore: number; readonly call: ListCall },
  ): Promise<boolean | undefined> {
    const name = repository.toLowerCase();
    const answers = await Promise.all(
      apps.map(async (app) => {
        const remembered = await this.#deps.installations.remembered(app, owner);
        if (remembered?.kind === "none") return false;
        if (remembered?.kind !== "found" || remembered.installation.suspended) return undefined;
        const list =
          this.#recall(remembered.installation, voidBefore) ?? (await this.#read(app, remembered.installation, call));
        if (list?.names.has(name)) return true;
        return list?.isComplete ? false : undefined;
      }),
    );
    if (answers.includes(true)) return true;
    return answers.includes(undefined) ? undefined : false;
  }

  /** GitHub said so later than the list. */
  lacks({ id }: Installation, repository: string): void {
    const list = this.#lists.get(String(id));
    if (!list?.names.has(repository.toLowerCase())) return;
    const names = new Set([...list.names].filter((name) => name !== repository.toLowerCase()));
    this.#lists.set(String(id), { ...list, names });
  }

  #recall({ id }: Installation, voidBefore: number): List | undefined {
    const list = this.#lists.get(String(id));
    if (list === undefined || list.readAt < voidBefore) return undefined;
    return this.#deps.now() - list.readAt < REPOSITORIES_FRESH_MS ? list : undefined;
  }

  async #read(app: App, installation: Installation, call: ListCall): Promise<List | undefined> {
    const { tokens, now } = this.#deps;
    const key = String(installation.id);
    const readAt = now();
    const askedAt = this.#askedAt.get(key);
    if (askedAt !== undefined && readAt - askedAt < REPOSITORIES_READ_EVERY_MS) return undefined;
    // Before the first await: requests that arrive meanwhile do not ask as well.
    this.#askedAt.set(key, readAt);
    const minted = await tokens.mintListToken(app, installation, call);
    if (!minted.ok) return undefined;
    call.minted(minted.value.token);
    const listed = await this.#list(minted.value.token, call);
    if (listed) this.#lists.set(key, { ...listed, readAt });
    return listed && { ...listed, readAt };
  }

  /** Undefined when GitHub does not say. */
  async #list(token: string, call: ListCall): Promise<Omit<List, "readAt"> | undefined> {
    const names = new Set<string>();
    let entries = 0;
    for (let page = 1; page <= REPOSITORIES_PAGES_MAX; page += 1) {
      const path = { per_page: REPOSITORIES_PER_PAGE, page };
      const request = { route: LIST, path, token, retry: true, maxBytes: REPOSITORIES_ANSWER_MAX_BYTES };
      const result = await this.#deps.tokens.ask(request, call);
      const found = result.kind === "success" ? parseRepositoryPage(result.json) : undefined;
      if (found === undefined) return undefined;
      for (const name of found.names) names.add(name.toLowerCase());
      entries += found.names.length;
      if (entries >= found.total) return { names, isComplete: true };
    }
    return { names, isComplete: false };
  }
}

/** Of a name in a set, or of a set in a map. */
const ENTRY_BYTES = 60;
