/** Workers KV on disk, as workerd asks for it: GET, PUT and DELETE of a key over HTTP, and many keys at once by POST. One Durable Object with SQLite holds everything. */
import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly NAMESPACE: DurableObjectNamespace<Namespace>;
}

/** `POST /bulk/get`. */
interface BulkRead {
  readonly keys: readonly string[];
}

/** So many of those that have expired are swept with each write. */
const SWEPT_PER_WRITE = 100;

export class Namespace extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER) WITHOUT ROWID",
    );
    this.#sql.exec("CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at)");
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.slice(1));
    if (request.method === "GET") return this.#get(key);
    if (request.method === "POST") return this.#getAll(await request.json());
    if (request.method === "PUT") this.#put(key, await request.text(), url.searchParams.get("expiration_ttl"));
    else this.#sql.exec("DELETE FROM entries WHERE key = ?", key);
    return new Response(null, { status: 204 });
  }

  #get(key: string): Response {
    const value = this.#valueOf(key);
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
  }

  /** What is stored is JSON, as it is asked for. */
  #getAll({ keys }: BulkRead): Response {
    const members = keys.map((key) => `${JSON.stringify(key)}:${this.#valueOf(key) ?? "null"}`);
    return new Response(`{${members.join()}}`);
  }

  #valueOf(key: string): string | undefined {
    const query = "SELECT value FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)";
    const [entry] = this.#sql.exec<{ value: string }>(query, key, Date.now()).toArray();
    return entry?.value;
  }

  #put(key: string, value: string, ttlSeconds: string | null): void {
    const expiresAt = ttlSeconds === null ? null : Date.now() + Number(ttlSeconds) * 1000;
    this.#sql.exec("INSERT OR REPLACE INTO entries (key, value, expires_at) VALUES (?, ?, ?)", key, value, expiresAt);
    const expired = "SELECT key FROM entries WHERE expires_at <= ? LIMIT ?";
    this.#sql.exec(`DELETE FROM entries WHERE key IN (${expired})`, Date.now(), SWEPT_PER_WRITE);
  }
}

export default {
  fetch: (request: Request, { NAMESPACE }: Env): Promise<Response> =>
    NAMESPACE.get(NAMESPACE.idFromName("STS_CACHE")).fetch(request),
};
