/**
 * `policy test`: the test files beside policies.
 */

import type { VerifiedClaims } from "../claims.ts";
import { POLICY_SUFFIX, TEST_SUFFIX } from "../file-names.ts";
import { type CommandResult, checkFile } from "./check.ts";
import { type Disk, directoryOf, mustRead, nameOf, shown, Unusable } from "./disk.ts";
import type { Paint } from "./layout.ts";
import type { Options } from "./options.ts";
import type { FilePlace } from "./place.ts";
import { createLocator, findTargets, type Locator } from "./place.ts";
import { parseTestFile, type TestFile } from "./test-file.ts";
import { type Outcome, outcomesAsText, runTests } from "./test-run.ts";
import { type Payload, parseClaims } from "./token.ts";

/** Throws Unusable. */
export function testCommand(operands: readonly string[], options: Options, disk: Disk, paint: Paint): CommandResult {
  const targets = findTargets(operands, disk).filter(
    ({ path, isDirectory }) => path.endsWith(TEST_SUFFIX) && !isDirectory,
  );
  if (targets.length === 0) throw new Unusable(`no *${TEST_SUFFIX} found in ${operands.join(", ")}`);
  const locate = createLocator(disk);
  const files = targets.map(({ path }) => ({
    file: shown(disk, path),
    outcomes: outcomesOf(path, options, disk, locate),
  }));
  const isGood = files.every(({ outcomes }) => outcomes.every(({ passed }) => passed));
  const isJson = options.format === "json";
  return {
    code: isGood ? 0 : 1,
    text: isJson ? `${JSON.stringify(files, undefined, 2)}\n` : outcomesAsText(files, paint),
  };
}

function outcomesOf(path: string, options: Options, disk: Disk, locate: Locator): readonly Outcome[] {
  const failed = (name: string, message: string): Outcome => ({ name, passed: false, message });
  const parsed = parseTestFile(mustRead(disk, path));
  if (!parsed.ok) return parsed.diagnostics.map(({ line, column, message }) => failed(`${line}:${column}`, message));
  const test = parsed.value;
  const policyPath = `${path.slice(0, -TEST_SUFFIX.length)}${POLICY_SUFFIX}`;
  if (disk.kindOf(policyPath) !== "file") return [failed("policy", `there is no ${nameOf(policyPath)} beside it`)];
  const place = placeOfTest(test, locate(policyPath, options), options);
  const { policy, diagnostics } = checkFile(
    policyPath,
    place,
    { ...options, domain: test.domain ?? options.domain },
    disk,
  );
  if (policy === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    return errors.map(({ line, column, message }) => failed(`policy ${line}:${column}`, message));
  }
  const domain = test.domain ?? options.domain;
  if (domain === undefined && policy.audience === undefined) {
    return [failed("domain", "the policy names no audience: write `domain: HOST` here, or give --domain")];
  }
  return runTests({ test, policy, domain: domain ?? "", diagnostics, files: claimsFiles(path, test, disk) });
}

/** The scope, if the file says one, tells more than the place does. */
function placeOfTest({ scope }: TestFile, place: FilePlace, { policyRepository }: Options): FilePlace {
  if (scope === undefined) return place;
  const { owner, repository } = scope;
  const isOrganization = repository === undefined || repository.toLowerCase() === policyRepository.toLowerCase();
  return { ...place, owner, kind: isOrganization ? "organization" : "repository" };
}

function claimsFiles(path: string, { tokens }: TestFile, disk: Disk): ReadonlyMap<string, VerifiedClaims | string> {
  const names = tokens.flatMap(({ claimsFile }) => (claimsFile === undefined ? [] : [claimsFile]));
  return new Map(
    names.map((name) => {
      const file = `${directoryOf(path)}/${name}`;
      const isThere = disk.kindOf(file) === "file";
      const payload: Payload = isThere
        ? parseClaims(mustRead(disk, file), name)
        : { ok: false, message: `there is no ${name} beside it` };
      return [name, payload.ok ? payload.claims : payload.message];
    }),
  );
}
