/**
 * Every text that is taken is read a second time, by another library, and says the same. `VITE_FUZZ_RUNS` asks for more texts than
 * the few of every test run.
 */

import { expect, test } from "vitest";
import allowlistText from "../../vectors/allowlist.json?raw";
import policyText from "../../vectors/policy.json?raw";
import yamlText from "../../vectors/yaml.json?raw";
import { mutate, Random, scraps, Writer } from "./generate.ts";
import { readYaml } from "./read.ts";
import { readSecond } from "./second-reader.ts";

const RUNS = Number(import.meta.env.VITE_FUZZ_RUNS ?? 1_500);

const vectors: readonly string[] = [policyText, yamlText, allowlistText].flatMap((json) =>
  JSON.parse(json).map(
    (vector: { readonly policy?: string; readonly text?: string }) => vector.policy ?? vector.text ?? "",
  ),
);

/** Undefined if the text is refused, else whether both read the same, with what they read. */
function compare(
  text: string,
): { readonly same: boolean; readonly text: string; readonly read: readonly string[] } | undefined {
  const first = readYaml(text);
  if (!first.ok) return undefined;
  const second = readSecond(text);
  return { same: first.tree === second, text, read: [first.tree, second] };
}

test("all vectors", () => {
  const compared = vectors.map(compare).filter((result) => result !== undefined);
  expect(compared.filter(({ same }) => !same)).toEqual([]);
  expect(compared.length).toBeGreaterThan(2_000);
});

test(`${RUNS} generated texts`, { timeout: 600_000 }, () => {
  const random = new Random(1);
  let taken = 0;
  for (let round = 0; round < RUNS; round += 1) {
    const text = someText(random);
    const compared = compare(text);
    if (compared === undefined) continue;
    taken += 1;
    if (!compared.same) expect(compared).toEqual({ same: true });
  }
  // A test of texts that are all refused would say nothing.
  expect(taken / RUNS).toBeGreaterThan(0.1);
});

function someText(random: Random): string {
  const roll = random.next();
  if (roll < 0.35) return new Writer(random).document();
  if (roll > 0.75) return scraps(random);
  return mutate(roll < 0.6 ? new Writer(random).document() : (vectors[random.below(vectors.length)] ?? ""), random);
}
