// Bombs in policies, which whoever may merge to a repository writes, and we read.

import type { WorkerdWorld } from "../../support/workerd.ts";
import type { Attack } from "./attack.ts";
import { bomb, CPU_MS_EACH, filled, TIMES } from "./bomb.ts";
import { ask, issuerOf, many, putPolicy } from "./requests.ts";

const headOf = (world: WorkerdWorld): string =>
  `issuer: ${issuerOf(world)}\nsubject_pattern: 'repo:.+'\npermissions:\n  issues: write\n`;

const POLICY_BYTES = 60_000;

const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `${line(i)}\n`).join("");

/** As many of these claims as a file may have. */
const claimsOf = (pattern: string, bytes = POLICY_BYTES): string => {
  const line = (i: number) => `  claim${i}: '${pattern}'`;
  return `claim_pattern:\n${lines(Math.min(64, Math.max(1, Math.floor(bytes / (line(10).length + 1)))), line)}`;
};

const ofPolicy = (about: string, text: (i: number) => string, claims: Readonly<Record<string, unknown>> = {}): Attack =>
  bomb(
    about,
    (world) => many(TIMES, (i) => ask(world, { identity: `bomb-${i}`, claims })),
    {},
    {
      prepare: (world) => {
        for (let i = 0; i < TIMES; i += 1) putPolicy(world, `bomb-${i}`, headOf(world) + text(i));
      },
    },
  );

const manyClaims = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`claim${i}`, "a".repeat(1_400)]));
const KEPT = 200;

const patterns: readonly Attack[] = [
  ofPolicy("64 patterns of folded ranges, 60 KB", () => claimsOf(`(?i)${filled("[a-\\x{10ffff}]", 900)}`)),
  ofPolicy("64 patterns of Unicode classes", () => claimsOf(`${filled("\\pL|", 600)}x`)),
  ofPolicy("one pattern of folded ranges", (i) => claimsOf(`(?i)[a-\\x{10ffff}]{${i + 1}}`, 1)),
  ofPolicy("patterns as dear to compile as may be", (i) => claimsOf(`(?i)[b-z]{${20 + i}}`, 1_500)),
  ofPolicy("patterns that remember, claims of 1,400 characters", (i) => claimsOf(`.*a.{${30 + i}}c?`, 200), manyClaims),
  ofPolicy("patterns of 2,000 states, a claim of 3,800 empty texts", (i) => claimsOf(`a{1000}b{${990 - i}}`, 1), {
    claim0: Array<string>(3_800).fill(""),
  }),
  ofPolicy("patterns that remember much", () => claimsOf(".*a.{890}c?", 200), manyClaims),
];

const yaml: readonly Attack[] = [
  ofPolicy("YAML that nests 20,000 deep", () => `description: ${filled("[", POLICY_BYTES)}`),
  ofPolicy("YAML of aliases of aliases", () => {
    const level = (i: number) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(40)}]`;
    return `a0: &a0 [x]\n${lines(60, level)}`;
  }),
  ofPolicy("YAML of 6,000 keys", () => lines(6_000, (i) => `k${i}: 1`)),
  ofPolicy("YAML of one value of 60 KB", () => `audience: "${filled("\\\\n", POLICY_BYTES)}"\n`),
  ofPolicy("YAML of 30,000 open quotes and comments", () => `# ${filled("'\n#", POLICY_BYTES)}\n`),
  ofPolicy("YAML of 15,000 entries", () => `repositories:\n${filled("- a\n", POLICY_BYTES)}`),
];

const faults: readonly Attack[] = [
  ofPolicy("58 keys of 1,000 characters that are quoted", () => lines(58, (i) => `${"k".repeat(1_000)}${i}: x`)),
  ofPolicy("a key, a value of 60 KB that are quoted", (i) =>
    i % 2 === 0 ? `${"k".repeat(POLICY_BYTES)}: x\n` : `max_token_lifetime: ${"k".repeat(POLICY_BYTES)}\n`,
  ),
  ofPolicy("64 patterns of 900 brackets that do not close", () => claimsOf(filled("(", 900))),
];

export const POLICIES: readonly Attack[] = [
  ...patterns,
  ...yaml,
  ...faults,
  bomb(
    "200 policies of 60 KB that are kept",
    (world) => many(KEPT, (i) => ask(world, { identity: `large-${i}`, claims: { sub: "nobody" } })),
    // What the engine has not collected yet is counted in; four times as many do not grow it further.
    { github: 4 * KEPT, kvGets: 5 * KEPT, kvPuts: KEPT, cpuMs: KEPT * CPU_MS_EACH, memoryMiB: 160 },
    {
      prepare: (world) => {
        for (let i = 0; i < KEPT; i += 1) {
          putPolicy(world, `large-${i}`, `${headOf(world)}description: ${filled("x", POLICY_BYTES)}\n# ${i}\n`);
        }
      },
    },
  ),
];
