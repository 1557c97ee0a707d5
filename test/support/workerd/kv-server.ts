// Workers KV as bare workerd speaks it: GET, PUT and DELETE of a key over HTTP, and POST for many keys. It can be told to hang or to
// refuse.

import { type Served, serve } from "../../emulators/serve.ts";

export type Operation = "get" | "put" | "delete";

/** What becomes of an operation: `hang` never answers, `refuse` answers 429 as KV does over its limit of writes. */
export type Mood = "answer" | "hang" | "refuse";

export interface KvOperation {
  readonly operation: Operation;
  readonly key: string;
}

export class KvServer {
  readonly #values = new Map<string, string>();
  readonly #moods = new Map<Operation, Mood>();
  #served: Served | undefined;
  /** Every operation in the order in which it came, those that hang or are refused included. */
  readonly operations: KvOperation[] = [];
  /** What a list of keys is answered with by a service that knows single keys alone; undefined here, where it is read. */
  listsAnswer: (() => Response) | undefined;

  static async open(): Promise<KvServer> {
    const kv = new KvServer();
    kv.#served = await serve({ name: "the KV namespace", port: 0, fetch: (request) => kv.#answer(request) });
    return kv;
  }

  get address(): string {
    return `127.0.0.1:${this.#served?.port}`;
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** From now on; all operations when none is named. */
  set(mood: Mood, ...operations: readonly Operation[]): void {
    for (const one of operations.length > 0 ? operations : (["get", "put", "delete"] as const)) {
      this.#moods.set(one, mood);
    }
  }

  count(operation: Operation): number {
    return this.operations.filter((one) => one.operation === operation).length;
  }

  async close(): Promise<void> {
    await this.#served?.close();
  }

  #json(key: string): unknown {
    return JSON.parse(this.#values.get(key) ?? "null");
  }

  async #answer(request: Request): Promise<Response> {
    if (request.method === "POST" && this.listsAnswer) return this.listsAnswer();
    const operation = operationOf(request.method);
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const keys = request.method === "POST" ? ((await request.json()) as BulkRead).keys : [key];
    for (const one of keys) this.operations.push({ operation, key: one });
    const mood = this.#moods.get(operation) ?? "answer";
    if (mood === "hang") await new Promise<never>(() => undefined);
    if (mood === "refuse") return new Response("KV is over its limit", { status: 429 });
    if (operation === "put") this.#values.set(key, await request.text());
    if (operation === "delete") this.#values.delete(key);
    if (operation !== "get") return new Response(null, { status: 204 });
    if (request.method === "POST") return Response.json(Object.fromEntries(keys.map((one) => [one, this.#json(one)])));
    const value = this.#values.get(key);
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
  }
}

/** `POST /bulk/get`; the Worker asks for JSON alone. */
interface BulkRead {
  readonly keys: readonly string[];
}

function operationOf(method: string): Operation {
  if (method === "GET" || method === "POST") return "get";
  return method === "DELETE" ? "delete" : "put";
}
