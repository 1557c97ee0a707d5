// Bombs: one request, document or policy within its bounds in bytes that makes whoever reads it work, or keep, without bound.

import { sendRaw } from "../../support/workerd/clients.ts";
import type { WorkerdWorld } from "../../support/workerd.ts";
import type { Attack, Budget } from "./attack.ts";
import { ask, forged, issuerOf, many, putPolicy, send } from "./requests.ts";

const BODY_BYTES = 64 * 1024;
const TIMES = 20;
/** A fraction of what one of them cost where its kind was found: 22 s for a policy, 1.4 s for a form. */
const CPU_MS_EACH = 100;

const bomb = (about: string, run: Attack["run"], budget: Budget = {}, more: Partial<Attack> = {}): Attack => ({
  part: "bomb",
  about,
  budget: { cpuMs: TIMES * CPU_MS_EACH, memoryMiB: 64, issuers: 0, ...budget },
  run,
  ...more,
});

/** In turn. */
const at = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;

const post = (world: WorkerdWorld, path: string, type: string, body: string): Promise<number> =>
  send(world, path, { method: "POST", headers: { ...forged(world), "Content-Type": type }, body });

const filled = (piece: string, bytes = BODY_BYTES): string => piece.repeat(Math.floor((bytes - 16) / piece.length));

interface Body {
  readonly type: string;
  readonly body: string;
}

/** Each on each of the routes. */
const ofBodies = (about: string, texts: readonly Body[], paths: readonly string[]): Attack =>
  bomb(
    about,
    (world) =>
      many(TIMES * texts.length, (i) => {
        const { type, body } = at(texts, i);
        return post(world, at(paths, Math.floor(i / texts.length)), type, body);
      }),
    { github: 0, kvGets: 0, kvPuts: 0, cpuMs: TIMES * texts.length * CPU_MS_EACH },
  );

const form = (body: string): Body => ({ type: "application/x-www-form-urlencoded", body });
const json = (body: string): Body => ({ type: "application/json", body });

const bodies: readonly Attack[] = [
  ofBodies(
    "forms of 32,000 pairs, of 64 KiB of escapes, of escapes that are no text",
    [form(filled("a&")), form(`token=${filled("%25")}`), form(`scope=${filled("%ff")}`)],
    ["/sts/exchange", "/oauth2/token", "/sts/revoke"],
  ),
  ofBodies(
    "JSON that nests 60,000 deep, of 9,000 names",
    [json(filled("[")), json(`{${filled('"a":1,')}"b":1}`)],
    ["/sts/exchange"],
  ),
];

const coded = (text: string): string => Buffer.from(text).toString("base64url");
const TOKEN_BYTES = 8_000;
const withPayload = (payload: string): string => `${coded('{"alg":"RS256"}')}.${coded(payload)}.AAAA`;
const TOKENS = [
  withPayload(`{"a":${filled("[", TOKEN_BYTES)}`),
  withPayload(`{${filled('"a":1,', TOKEN_BYTES)}"b":1}`),
  filled(".", TOKEN_BYTES),
];

const tokens = bomb(
  "tokens that nest 8,000 deep, of 1,300 names that repeat, of dots",
  (world) =>
    many(TIMES * TOKENS.length, (i) =>
      send(world, world.target(), { headers: { Authorization: `Bearer ${at(TOKENS, i)}` } }),
    ),
  { github: 0, kvGets: 0, kvPuts: 0, cpuMs: TIMES * TOKENS.length * CPU_MS_EACH },
);

/** A policy that its author made to be read by us. */
const HEAD = (world: WorkerdWorld): string =>
  `issuer: ${issuerOf(world)}\nsubject_pattern: 'repo:.+'\npermissions:\n  issues: write\n`;

const claimsOf = (pattern: string, bytes: number): string => {
  const lines: string[] = [];
  for (let length = 0, i = 0; length < bytes && i < 64; i += 1) {
    const line = `  claim${i}: '${pattern}'\n`;
    length += line.length;
    lines.push(line);
  }
  return `claim_pattern:\n${lines.join("")}`;
};

const POLICY_BYTES = 60_000;

const ofPolicy = (
  about: string,
  text: (world: WorkerdWorld, i: number) => string,
  claims: Readonly<Record<string, unknown>> = {},
): Attack =>
  bomb(
    about,
    (world) => many(TIMES, (i) => ask(world, { identity: `bomb-${i}`, claims })),
    {},
    {
      prepare: (world) => {
        for (let i = 0; i < TIMES; i += 1) putPolicy(world, `bomb-${i}`, text(world, i));
      },
    },
  );

const manyClaims = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`claim${i}`, "a".repeat(1_400)]));

const policies: readonly Attack[] = [
  ofPolicy(
    "64 patterns of folded ranges, 60 KB",
    (world) => HEAD(world) + claimsOf(`(?i)${filled("[a-\\x{10ffff}]", 900)}`, POLICY_BYTES),
  ),
  ofPolicy(
    "64 patterns of Unicode classes",
    (world) => HEAD(world) + claimsOf(`${filled("\\pL|", 600)}x`, POLICY_BYTES),
  ),
  ofPolicy(
    "one pattern of folded ranges",
    (world, i) => `${HEAD(world)}${claimsOf(`(?i)[a-\\x{10ffff}]{${i + 1}}`, 1)}`,
  ),
  ofPolicy(
    "patterns that remember, claims of 1,400 characters",
    (world, i) => HEAD(world) + claimsOf(`.*a.{${30 + i}}c?`, 120),
    manyClaims,
  ),
  ofPolicy("patterns that remember much", (world) => HEAD(world) + claimsOf(".*a.{890}c?", 120), manyClaims),
  ofPolicy("YAML that nests 20,000 deep", (world) => `${HEAD(world)}description: ${filled("[", POLICY_BYTES)}`),
  ofPolicy("YAML of aliases of aliases", (world) => {
    const levels = Array.from(
      { length: 60 },
      (_, i) => `a${i + 1}: &a${i + 1} [${"*aX, ".replace("X", String(i)).repeat(40)}]`,
    );
    return `${HEAD(world)}a0: &a0 [x]\n${levels.join("\n")}\n`;
  }),
  ofPolicy("YAML of 10,000 keys", (world) => {
    const keys = Array.from({ length: 6_000 }, (_, i) => `k${i}: 1`);
    return `${HEAD(world)}${keys.join("\n")}\n`;
  }),
  ofPolicy(
    "YAML of one value of 60 KB, refused and quoted",
    (world) => `${HEAD(world)}audience: "${filled("\\\\n", POLICY_BYTES)}"\n`,
  ),
  ofPolicy("YAML of 30,000 open quotes and comments", (world) => `${HEAD(world)}# ${filled("'\n#", POLICY_BYTES)}\n`),
  bomb(
    "200 policies of 60 KB that are kept",
    (world) => many(200, (i) => ask(world, { identity: `large-${i}`, claims: { sub: "nobody" } })),
    // What the engine has not collected yet is counted in; four times as many do not grow it further.
    { cpuMs: 200 * CPU_MS_EACH, memoryMiB: 160 },
    {
      prepare: (world) => {
        for (let i = 0; i < 200; i += 1) {
          putPolicy(world, `large-${i}`, `${HEAD(world)}description: ${filled("x", POLICY_BYTES)}\n# ${i}\n`);
        }
      },
    },
  ),
];

const SECRET = "it is a secret";
const MIB = 1024 * 1024;

const others: readonly Attack[] = [
  bomb(
    "200 webhook bodies of 25 MiB that never end",
    async (world) => {
      const headers = {
        "Content-Type": "application/json",
        "Content-Length": String(25 * MIB),
        "X-Hub-Signature-256": `sha256=${"0".repeat(64)}`,
        "X-GitHub-Hook-Installation-Target-ID": "7",
      };
      const clients = await Promise.all(
        Array.from({ length: 200 }, () =>
          sendRaw(world.port, { method: "POST", target: "/webhook", headers, body: "x".repeat(MIB) }),
        ),
      );
      const statuses = await many(20, () => ask(world));
      for (const client of clients) client.reset();
      return statuses;
    },
    { github: 30, memoryMiB: 96 },
    { options: { variables: { GITHUB_WEBHOOK_SECRET: SECRET } } },
  ),
  bomb(
    "discovery documents without end",
    (world) =>
      many(TIMES, (i) =>
        send(world, world.target("named"), { headers: forged(world, { claims: { sub: `repo:x/${i}` } }) }),
      ),
    { issuers: 10 },
    {
      prepare: (world) => {
        putPolicy(
          world,
          "named",
          `issuer: ${issuerOf(world)}/nobody\nsubject_pattern: repo:.+\npermissions:\n  issues: write\n`,
        );
        world.network.fault({ route: "oidc.*", kind: "huge", bytes: Number.POSITIVE_INFINITY });
      },
      calm: ({ network }) => network.clearFaults(),
    },
  ),
  bomb(
    "answers of GitHub without end",
    (world) => many(TIMES, (i) => ask(world, { identity: `none-${i}` })),
    { cpuMs: 4_000 },
    {
      prepare: ({ network }) => network.fault({ route: "gh.contents", kind: "huge", bytes: Number.POSITIVE_INFINITY }),
      calm: ({ network }) => network.clearFaults(),
    },
  ),
];

export const BOMBS: readonly Attack[] = [...bodies, tokens, ...policies, ...others];
