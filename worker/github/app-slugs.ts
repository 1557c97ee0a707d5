/**
 * The names that GitHub's addresses give the Apps: they lead to where an App is installed. GitHub is never asked for one here; what it
 * told in passing is kept in KV, so that every isolate knows it.
 */
import { APP_SLUG_KEEP_MS, APP_SLUG_MISSING_MS } from "../limits.ts";
import type { KvStore } from "../store/kv.ts";
import type { CallContext } from "./call.ts";

export interface AppSlugsDeps {
  readonly kv: Pick<KvStore, "get" | "put">;
  /** REST base: Apps of another GitHub have the same numbers. */
  readonly apiUrl: string;
  readonly now: () => number;
}

export class AppSlugs {
  readonly #deps: AppSlugsDeps;
  /** By App id. */
  readonly #known = new Map<string, string>();
  /** When KV was asked in vain, in ms. */
  readonly #missedAt = new Map<string, number>();

  constructor(deps: AppSlugsDeps) {
    this.#deps = deps;
  }

  /** As far as this isolate knows. */
  known(appId: string): string | undefined {
    return this.#known.get(appId);
  }

  /** From memory, else from KV, at most once a minute. */
  async recall(appId: string): Promise<string | undefined> {
    const { now } = this.#deps;
    const known = this.#known.get(appId);
    if (known !== undefined || now() - (this.#missedAt.get(appId) ?? 0) < APP_SLUG_MISSING_MS) return known;
    this.#missedAt.set(appId, now());
    const stored = await this.#stored(appId);
    if (stored !== undefined) this.#known.set(appId, stored);
    return stored;
  }

  /** GitHub said so. KV is written only where it is news. */
  learn(appId: string, slug: string | undefined, { waitUntil }: Pick<CallContext, "waitUntil">): void {
    if (slug === undefined || this.#known.get(appId) === slug) return;
    this.#known.set(appId, slug);
    waitUntil(this.#keep(appId, slug));
  }

  async #keep(appId: string, slug: string): Promise<void> {
    const { kv, now } = this.#deps;
    if ((await this.#stored(appId)) === slug) return;
    await kv.put(this.#tuple(appId), { json: JSON.stringify(slug), readAt: now() }, APP_SLUG_KEEP_MS);
  }

  async #stored(appId: string): Promise<string | undefined> {
    const stored = await this.#deps.kv.get(this.#tuple(appId));
    return typeof stored === "object" && typeof stored.value === "string" ? stored.value : undefined;
  }

  #tuple(appId: string): string {
    return JSON.stringify(["app-slug", new URL(this.#deps.apiUrl).host, appId]);
  }
}
