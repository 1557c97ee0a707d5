/**
 * What nobody who does this in a Worker can do without, as a Worker: the token's signature, and the calls with their JSON. An exchange
 * is measured beside it, in the same run on the same machine.
 */
import { Hono } from "hono";
import { type CryptoKey, importJWK, type JWK, jwtVerify } from "jose";
import type { Call } from "./outside.ts";

interface Env {
  readonly ISSUER: string;
  readonly AUDIENCE: string;
  /** Of the issuer's one key. */
  readonly JWK: string;
  /** Lists of calls: of a warm exchange, and of one by a new policy. */
  readonly WARM: string;
  readonly NEW: string;
  /** The same of KV. */
  readonly NEW_KV: string;
  readonly STS_CACHE: KVNamespace;
}

const app = new Hono<{ Bindings: Env }>();
let key: CryptoKey | Uint8Array | undefined;
const lists = new Map<string, readonly Call[]>();

async function subjectOf(authorization: string | undefined, { JWK: jwk, ISSUER, AUDIENCE }: Env) {
  // A key set is this bench's own.
  key ??= await importJWK(JSON.parse(jwk) as JWK, "RS256");
  const token = authorization?.replace(/^Bearer /, "") ?? "";
  const { payload } = await jwtVerify(token, key, { issuer: ISSUER, audience: AUDIENCE, algorithms: ["RS256"] });
  return payload.sub;
}

/** The token that the last of the calls was answered with, if one was. */
async function call(list: string): Promise<string | undefined> {
  let token: string | undefined;
  for (const { method, url, body } of callsOf(list)) {
    const headers = { authorization: `Bearer ${token ?? "app"}`, "user-agent": "floor" };
    const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
    const answer = response.status === 204 ? {} : await response.json<{ token?: string }>();
    token = answer.token ?? token;
  }
  return token;
}

async function useKv(list: string, kv: KVNamespace): Promise<void> {
  await Promise.all(
    callsOf(list).map(({ method, url, body = "{}" }): Promise<unknown> => {
      if (method === "PUT") return kv.put(url, body, { expirationTtl: 3_600 });
      return method === "POST" ? kv.get((JSON.parse(body) as { keys: string[] }).keys, "json") : kv.get(url, "json");
    }),
  );
}

/** Parsed once. */
function callsOf(list: string): readonly Call[] {
  const known: readonly Call[] = lists.get(list) ?? (JSON.parse(list) as Call[]);
  lists.set(list, known);
  return known;
}

app.get("/a", async (context) => {
  const subject = await subjectOf(context.req.header("authorization"), context.env);
  return context.json({ subject });
});
app.get("/b", async (context) => {
  const subject = await subjectOf(context.req.header("authorization"), context.env);
  return context.json({ subject, token: await call(context.env.WARM) });
});
app.get("/c", async (context) => {
  const subject = await subjectOf(context.req.header("authorization"), context.env);
  return context.json({ subject, token: await call(context.env.NEW) });
});
app.get("/d", async (context) => {
  const subject = await subjectOf(context.req.header("authorization"), context.env);
  await useKv(context.env.NEW_KV, context.env.STS_CACHE);
  return context.json({ subject, token: await call(context.env.NEW) });
});

export default app;
