// The rate limiters and the audit queue of a Worker in bare workerd, as a loopback server that can be told to hang or to refuse.

import { type Served, serve } from "../../emulators/serve.ts";
import type { Mood } from "./kv-server.ts";

export type Part = "limiter" | "queue";

/** The limits of wrangler.toml; they count since the start. */
const LIMITS: Readonly<Record<string, number>> = { CALLER_RATE_LIMIT: 60, OWNER_RATE_LIMIT: 30 };

export class PlatformServer {
  readonly #counts = new Map<string, number>();
  readonly #moods = new Map<Part, Mood>();
  #served: Served | undefined;
  /** Uses of each part, those that hang or are refused included. */
  readonly uses: Part[] = [];
  /** What the queue took. */
  readonly messages: unknown[] = [];

  static async open(): Promise<PlatformServer> {
    const platform = new PlatformServer();
    platform.#served = await serve({ name: "the platform", port: 0, fetch: (request) => platform.#answer(request) });
    return platform;
  }

  get address(): string {
    return `127.0.0.1:${this.#served?.port}`;
  }

  /** From now on. */
  set(mood: Mood, ...parts: readonly Part[]): void {
    for (const part of parts) this.#moods.set(part, mood);
  }

  async close(): Promise<void> {
    await this.#served?.close();
  }

  async #answer(request: Request): Promise<Response> {
    // A producer of a queue posts to `/message`.
    const part = new URL(request.url).pathname === "/message" ? "queue" : "limiter";
    this.uses.push(part);
    const mood = this.#moods.get(part) ?? "answer";
    if (mood === "hang") await new Promise<never>(() => undefined);
    if (mood === "refuse") return new Response("over its limit", { status: 429 });
    const sent: unknown = await request.json();
    if (part === "limiter") return Response.json({ success: this.#counted(JSON.stringify(sent), request.url) });
    this.messages.push(sent);
    return new Response(null, { status: 204 });
  }

  #counted(key: string, url: string): boolean {
    const count = (this.#counts.get(url + key) ?? 0) + 1;
    this.#counts.set(url + key, count);
    return count <= (LIMITS[new URL(url).pathname.slice(1)] ?? 0);
  }
}
