// Bombs in what callers send: forms, JSON, tokens, and bodies that never end.

import { type RawRequest, sendRaw } from "../../support/workerd/clients.ts";
import type { WorkerdWorld } from "../../support/workerd.ts";
import type { Attack, Statuses } from "./attack.ts";
import { at, bomb, CPU_MS_EACH, filled, NOTHING_ASKED, TIMES } from "./bomb.ts";
import { ask, forged, many, send } from "./requests.ts";

interface Body {
  readonly type: string;
  readonly body: string;
}

const post = (world: WorkerdWorld, path: string, { type, body }: Body): Promise<number> =>
  send(world, path, { method: "POST", headers: { ...forged(world), "Content-Type": type }, body });

/** Each on each of the routes. */
const ofBodies = (about: string, texts: readonly Body[], paths: readonly string[]): Attack =>
  bomb(
    about,
    (world) => many(TIMES * texts.length, (i) => post(world, at(paths, Math.floor(i / texts.length)), at(texts, i))),
    { ...NOTHING_ASKED, cpuMs: TIMES * texts.length * CPU_MS_EACH },
  );

const FORM = "application/x-www-form-urlencoded";
const form = (body: string): Body => ({ type: FORM, body });
const json = (body: string): Body => ({ type: "application/json", body });
const ROUTES = ["/sts/exchange", "/oauth2/token", "/sts/revoke"];

const coded = (text: string): string => Buffer.from(text).toString("base64url");
const TOKEN_BYTES = 8_000;
const withPayload = (payload: string): string => `${coded('{"alg":"RS256"}')}.${coded(payload)}.AAAA`;
const TOKENS = [
  withPayload(`{"a":${filled("[", TOKEN_BYTES)}`),
  withPayload(`{${filled('"a":1,', TOKEN_BYTES)}"b":1}`),
  filled(".", TOKEN_BYTES),
];

const MIB = 1024 * 1024;
const UNFINISHED = 200;

/** Requests that never end, of one address, and twenty exchanges of the owner's own beside them. */
const ofUnfinished = (about: string, request: (i: number) => RawRequest, more: Partial<Attack> = {}): Attack =>
  bomb(
    about,
    async (world): Promise<Statuses> => {
      const clients = await Promise.all(Array.from({ length: UNFINISHED }, (_, i) => sendRaw(world.port, request(i))));
      const statuses = await many(TIMES, () => ask(world));
      for (const client of clients) client.reset();
      return statuses;
    },
    { github: TIMES, kvGets: 0, kvPuts: 0 },
    more,
  );

export const BODIES: readonly Attack[] = [
  ofBodies("forms of 32,000 pairs without a value", [form(filled("a&"))], ROUTES),
  ofBodies(
    "forms of 64 KiB of escapes, of escapes that are no text, of one name",
    [form(`token=${filled("%25")}`), form(`scope=${filled("%ff")}`), form(filled("scope=x&"))],
    ROUTES,
  ),
  ofBodies(
    "JSON that nests 60,000 deep, of 9,000 names",
    [json(filled("[")), json(`{${filled('"a":1,')}"b":1}`)],
    ["/sts/exchange"],
  ),
  bomb(
    "tokens that nest 8,000 deep, of 1,300 names that repeat, of dots",
    (world) =>
      many(TIMES * TOKENS.length, (i) =>
        send(world, world.target(), { headers: { Authorization: `Bearer ${at(TOKENS, i)}` } }),
      ),
    { ...NOTHING_ASKED, cpuMs: TIMES * TOKENS.length * CPU_MS_EACH },
  ),
  ofUnfinished("200 forms of 64 KiB of one address that never end, and exchanges beside them", (i) => ({
    method: "POST",
    target: at(ROUTES, i),
    headers: { "Content-Type": FORM, "Content-Length": String(64 * 1024), "CF-Connecting-IP": "192.0.2.9" },
    body: `scope=${filled("x", 63 * 1024)}`,
  })),
  ofUnfinished(
    "200 webhook bodies of 25 MiB that never end, and exchanges beside them",
    () => ({
      method: "POST",
      target: "/webhook",
      headers: {
        "Content-Type": "application/json",
        "Content-Length": String(25 * MIB),
        "X-Hub-Signature-256": `sha256=${"0".repeat(64)}`,
        "X-GitHub-Hook-Installation-Target-ID": "7",
      },
      body: "x".repeat(MIB),
    }),
    { options: { variables: { GITHUB_WEBHOOK_SECRET: "it is a secret" } } },
  ),
];
