/**
 * Which accounts have an App installed, where few do: one list instead of look-ups of owners that nobody has heard of
 * (worker/README.md, "Who pays"). What it says only spares calls: an owner that it lacks is refused, one that it has is looked up.
 */
import * as v from "valibot";
import {
  ACCOUNTS_FRESH_MS,
  ACCOUNTS_PAGES_MAX,
  ACCOUNTS_PER_PAGE,
  ACCOUNTS_READ_EVERY_MS,
  MEMORY_SHARES_BYTES,
} from "../limits.ts";
import type { TieredCache, Writes } from "../store/cache.ts";
import type { App } from "./app.ts";
import type { AppApi } from "./app-jwt.ts";
import type { CallContext } from "./call.ts";
import type { Installations } from "./installations.ts";
import type { ApiResponse } from "./response.ts";
import { parseInstallationPage } from "./shapes.ts";

/** Undefined logins: there are more than a list is kept of. */
export interface AccountsValue {
  /** In lower case. */
  readonly logins: ReadonlySet<string> | undefined;
}

const LIST = "GET /app/installations";

export interface InstalledAccountsDeps {
  readonly apps: AppApi;
  readonly installations: Pick<Installations, "remembered">;
  readonly cache: TieredCache<AccountsValue>;
  readonly now: () => number;
}

export class InstalledAccounts {
  readonly #deps: InstalledAccountsDeps;
  /** By App: when the list was asked for last, in ms. */
  readonly #askedAt = new Map<string, number>();

  constructor(deps: InstalledAccountsDeps) {
    this.#deps = deps;
  }

  /** Whether a look-up of this owner finds something, or is answered from memory; undefined when nobody knows. */
  async has(app: App, owner: string, call: CallContext): Promise<boolean | undefined> {
    if (await this.#deps.installations.remembered(app, owner)) return true;
    const list = (await this.#recall(app)) ?? (await this.#read(app, call));
    return list?.logins?.has(owner.toLowerCase());
  }

  /** Whether all accounts are known. */
  async isListed(app: App): Promise<boolean> {
    return (await this.#recall(app))?.logins !== undefined;
  }

  /** A webhook tells of an account's installation: the account is looked up again, whatever the list says. */
  async add(app: App, owner: string, writes: Writes | undefined): Promise<void> {
    const entry = await this.#deps.cache.get([app.id]);
    if (entry?.value.logins === undefined) return;
    const logins = new Set([...entry.value.logins, owner.toLowerCase()]);
    this.#deps.cache.put([app.id], { value: { logins }, readAt: entry.readAt }, writes);
  }

  async #recall(app: App): Promise<AccountsValue | undefined> {
    const entry = await this.#deps.cache.get([app.id]);
    return entry && this.#deps.now() - entry.readAt < ACCOUNTS_FRESH_MS ? entry.value : undefined;
  }

  async #read(app: App, call: CallContext): Promise<AccountsValue | undefined> {
    const { cache, now } = this.#deps;
    const readAt = now();
    if (readAt - (this.#askedAt.get(app.id) ?? 0) < ACCOUNTS_READ_EVERY_MS) return undefined;
    // Before the first await: requests that arrive meanwhile do not ask as well.
    this.#askedAt.set(app.id, readAt);
    const value = await this.#list(app, call);
    if (value) cache.put([app.id], { value, readAt }, call.writes);
    return value;
  }

  /** Undefined when GitHub does not say. */
  async #list(app: App, call: CallContext): Promise<AccountsValue | undefined> {
    const logins = new Set<string>();
    for (let page = 1; page <= ACCOUNTS_PAGES_MAX; page += 1) {
      const request = { route: LIST, path: { per_page: ACCOUNTS_PER_PAGE, page }, retry: true };
      const { result, response } = await this.#deps.apps.ask({ app, request }, call);
      const found = result.kind === "success" ? parseInstallationPage(result.json) : undefined;
      if (found === undefined) return undefined;
      for (const login of found.logins) logins.add(login.toLowerCase());
      // A full page that names no next one may come from a proxy that drops headers.
      if (found.entries < ACCOUNTS_PER_PAGE && !hasNextPage(response)) return { logins };
    }
    return { logins: undefined };
  }
}

function hasNextPage(response: ApiResponse | undefined): boolean {
  const link = response?.kind === "response" ? response.headers.get("link") : undefined;
  return /rel="next"/.test(link ?? "");
}

const stored = v.object({ logins: v.optional(v.array(v.string())) });

/** What a cache of these values is made with. */
export const ACCOUNTS_CACHE = {
  kind: "accounts",
  maxBytes: MEMORY_SHARES_BYTES.accounts,
  keepMs: ACCOUNTS_FRESH_MS,
  encode: ({ logins }: AccountsValue) => (logins ? { logins: [...logins] } : {}),
  decode(value: unknown): AccountsValue | undefined {
    const parsed = v.safeParse(stored, value);
    return parsed.success ? { logins: parsed.output.logins && new Set(parsed.output.logins) } : undefined;
  },
} as const;
