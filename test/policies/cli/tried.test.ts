/**
 * Policies of every kind of workload, broken as people break them: `explain`'s advice, followed to the letter, makes one that lets
 * the workload in, nobody else's, and not this one run alone.
 */

import { expect, test } from "vitest";
import { checkPolicy } from "../../../policies/check.ts";
import { claimsOfVerifiedToken, findClaim, scalarAsString } from "../../../policies/claims.ts";
import type { Change } from "../../../policies/cli/advice/clause.ts";
import { explain } from "../../../policies/cli/explain.ts";
import { kindOfToken } from "../../../policies/cli/kinds/kinds.ts";
import { evaluate } from "../../../policies/evaluate.ts";
import type { PolicyDocument } from "../../../policies/policy/document.ts";
import recorded from "../../vectors/policy.json?raw";
import forms from "../../vectors/yaml.json?raw";
import { DEFAULT_RULES, type PolicyVector } from "../judge.ts";

type Claims = Readonly<Record<string, unknown>>;

const TEXTS = import.meta.glob("../../../policies/examples/*/*", { query: "?raw", import: "default", eager: true });
const DOMAIN = "sts.example.com";
const FOLDERS = [...new Set(Object.keys(TEXTS).map((path) => path.split("/").at(-2) ?? ""))];

interface Tried {
  readonly policy: string;
  readonly claims: Claims;
}

function exampleOf(folder: string): Tried {
  const textOf = (pattern: RegExp) =>
    String(Object.entries(TEXTS).find(([path]) => path.includes(`/${folder}/`) && pattern.test(path))?.[1]);
  return { policy: textOf(/[^/]+\.sts\.yaml$/), claims: JSON.parse(textOf(/\/claims\.json$/)) };
}

/** A change to the line of the subject, or of another key. */
const inLine =
  (key: RegExp, change: (line: string) => string) =>
  ({ policy, claims }: Tried): Tried => ({
    policy: policy.replace(new RegExp(`^\\s*(?:${key.source})(?:_pattern)?: .*$`, "m"), change),
    claims,
  });
const inSubject = (change: (line: string) => string) => inLine(/subject/, change);
const withClaims =
  (over: Claims) =>
  (tried: Tried): Tried => ({ ...tried, claims: { ...tried.claims, ...over } });

const SHA = "9f3182061f1e2cca4702c368cbc039b7dc9d4485";
const isOfRepository = ({ claims }: Tried) => String(claims.sub).startsWith("repo:");
const contextOf = ({ claims }: Tried) => String(claims.sub).replace(/^repo:[^:]+:/, "");
const withContext = (context: string, over: Claims) => (tried: Tried) =>
  isOfRepository(tried)
    ? withClaims({ sub: String(tried.claims.sub).replace(contextOf(tried), context), ...over })(tried)
    : tried;
const withIdsInSubject = (tried: Tried) => {
  const { repository_owner_id: owner, repository_id: id, sub } = tried.claims;
  return isOfRepository(tried)
    ? withClaims({ sub: String(sub).replace(/^repo:([^/@]+)\/([^:@]+):/, `repo:$1@${owner}/$2@${id}:`) })(tried)
    : tried;
};

const queueOf = (number: string) => `gh-readonly-queue/main/pr-${number}-${SHA}`;
const inMergeQueue = withContext(`ref:refs/heads/${queueOf("104")}`, {
  ref: `refs/heads/${queueOf("104")}`,
  event_name: "merge_group",
});

/** What does not touch a policy or its token does not count. */
const MISTAKES: Readonly<Record<string, (tried: Tried) => Tried>> = {
  "another branch": inSubject((line) =>
    line.replace(/refs\/heads\/main|ref:main/, (ref) => ref.replace("main", "master")),
  ),
  "a typo": inSubject((line) => line.replace(/(["']?)$/, "x$1")),
  "the owner in another case": inSubject((line) => line.replace(/acme/, "Acme")),
  "the owner's name with a star behind": inSubject((line) => line.replace(/(acme[:/]).*/, "$1*").replace(/["']/g, "")),
  "a branch with a star": inSubject((line) => line.replace(/refs\/heads\/main.*/, "refs/heads/*").replace(/["']/g, "")),
  "a pattern as an exact value": inSubject((line) => line.replace("subject_pattern", "subject")),
  "no ids in the policy": inSubject((line) => line.replace(/@[0-9]+/g, "")),
  "ids in the token's subject": withIdsInSubject,
  "ids in the policy's subject": inSubject((line) => line.replace("repo:acme/app:", "repo:acme@1234567/app@7654321:")),
  "another environment": inSubject((line) => line.replace(/environment:\w+/, "environment:staging")),
  "an environment in the token": withContext("environment:production", { environment: "production" }),
  "an environment, and ids": (tried) =>
    withIdsInSubject(withContext("environment:production", { environment: "production" })(tried)),
  "a merge queue": (tried) => inMergeQueue(tried),
  "a release": withContext("ref:refs/tags/v4.5.6", { ref: "refs/tags/v4.5.6", ref_type: "tag" }),
  "a merge queue that was pinned": (tried) =>
    isOfRepository(tried)
      ? inSubject(
          () =>
            `subject_pattern: '(?:repo:acme/app:ref:refs/tags/v[0-9]+|repo:acme/app:ref:refs/heads/${queueOf("103")})'`,
        )(inMergeQueue(tried))
      : tried,
  "another issuer": inLine(/issuer/, (line) => line.replace(/\/?$/, (slash) => (slash === "" ? "/" : ""))),
  "another id": inLine(/[a-z_.:/]*id/, (line) => line.replace(/: .*/, ': "1"')),
  "an audience of another service": ({ policy, claims }) => ({
    policy: `${policy.replace(/^audience: .*\n/m, "")}audience: https://github.com/acme\n`,
    claims,
  }),
  "a claim of one run": ({ policy, claims }) => ({
    policy: policy.includes("claim_pattern:\n")
      ? policy.replace("claim_pattern:\n", "claim_pattern:\n  jti: 5f9ad1e6\n")
      : `${policy}claim_pattern:\n  jti: 5f9ad1e6\n`,
    claims: { ...claims, jti: "5f9ad1e7" },
  }),
};

/** The same token of somebody else: another owner, project, account or id. */
function strangersOf(claims: Claims): readonly Claims[] {
  const changed = (from: RegExp, to: string): Claims => JSON.parse(JSON.stringify(claims).replaceAll(from, to));
  return [
    changed(/acme/gi, "evil"),
    changed(
      /\b(?=[0-9a-f-]*[0-9])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
      "00000000-0000-4000-8000-00000000beef",
    ),
    changed(/(?<=system:serviceaccount:|role\/|\/sa\/|"sub":"(?=[0-9]))[A-Za-z0-9-]+/g, "9"),
    changed(/(?<=repo:[^":]*[/@]|"repository_id":"|"project_id":"|workspace_id":"|app_id":")[A-Za-z0-9-]+/g, "9"),
  ];
}

const CASES = FOLDERS.flatMap((folder) =>
  Object.entries(MISTAKES).flatMap(([mistake, make]) => {
    const right = exampleOf(folder);
    const wrong = make(right);
    return JSON.stringify(wrong) === JSON.stringify(right) ? [] : [[folder, mistake, wrong, right] as const];
  }),
);

const used = (text: string, claims: Claims) => {
  const { policy, diagnostics } = checkPolicy(text, {
    kind: undefined,
    owner: "acme",
    domain: DOMAIN,
    rules: DEFAULT_RULES,
  });
  if (policy === undefined) throw new Error(`${text}\n${JSON.stringify(diagnostics)}`);
  const put = (to: Claims) => evaluate(policy, claimsOfVerifiedToken(to), { domain: DOMAIN });
  return { policy, diagnostics, ...put(claims), letsIn: (other: Claims) => put(other).allow };
};

test("every mistake is made somewhere, and every kind has some", () => {
  expect(new Set(CASES.map(([, mistake]) => mistake)).size).toBe(Object.keys(MISTAKES).length);
  for (const folder of FOLDERS)
    expect([folder, CASES.filter(([of]) => of === folder).length > 3]).toEqual([folder, true]);
});

test.each(CASES)("%s, %s", (_folder, mistake, { policy: text, claims }, right) => {
  const before = used(text, claims);
  if (before.allow) return;
  const context = { kind: undefined, owner: "acme", domain: DOMAIN, rules: DEFAULT_RULES };
  const { mended } = explain({ policy: before.policy, text, context }, claimsOfVerifiedToken(claims));
  const after = used(mended?.text ?? "", claims);
  const rightly = used(right.policy, right.claims);
  const refused = strangersOf(right.claims).map((stranger) => !rightly.letsIn(stranger));
  // Who writes a star for a branch asks for every branch, and is told so.
  const warned = new Set([
    ...before.diagnostics.map(({ id }) => id),
    ...(mistake === "a branch with a star" ? ["any-branch"] : []),
  ]);
  const volatile = kindOfToken(claims).volatileClaims.filter((name) => {
    const value = scalarAsString(findClaim(claims, name)?.value);
    return value !== undefined && value.length > 4 && mended?.text.includes(value);
  });
  expect({
    allow: [mended?.allow, after.allow],
    strangers: strangersOf(claims)
      .filter((stranger, i) => refused[i] && after.letsIn(stranger))
      .map(({ sub }) => sub),
    warnings: after.diagnostics
      .filter(({ id, severity }) => severity !== "notice" && !warned.has(id))
      .map(({ id }) => id),
    volatile,
    pinned: /pr-10[0-9]|4\\?\.5|jti/.exec(mended?.text ?? "")?.[0],
    text: mended?.text,
  }).toEqual({ allow: [true, true], strangers: [], warnings: [], volatile: [], pinned: undefined, text: mended?.text });
});

/** The document with the change made, by the change's own words. */
function changed(document: PolicyDocument, { set, remove }: Pick<Change, "set" | "remove">) {
  const gone = [...remove, ...set].map(({ claim }) => claim);
  const added = set.flatMap(({ claim, value }) => (claim === undefined ? [] : [{ name: claim, pattern: value }]));
  return {
    claims: [...document.claims.filter(({ name }) => !gone.includes(name)), ...added].sort(byName),
    permissions: [...document.permissions].sort(byName),
    repositories: document.repositories,
    jwks: document.jwks,
    app: document.app,
  };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);

test("whatever the policy, the one that is written anew differs from it by what the advice says alone", () => {
  const all: readonly PolicyVector[] = JSON.parse(recorded);
  // They lie in groups of a kind: some of each will do.
  const vectors: readonly PolicyVector[] = [
    ...all.filter((_, i) => i % 6 === 0 || (i > 2080 && i < 2100)),
    ...JSON.parse(forms),
  ];
  const counts = { refused: 0, written: 0, allowed: 0 };
  for (const { id, policy: text, claims, owner = "acme", kind, domain } of vectors) {
    const context = {
      kind: kind === "repo" ? "repository" : "organization",
      owner,
      domain,
      rules: DEFAULT_RULES,
    } as const;
    const { policy } = checkPolicy(text, context);
    if (policy === undefined) continue;
    const { verdict, changes, mended } = explain({ policy, text, context }, claimsOfVerifiedToken(claims));
    if (verdict.allow) continue;
    counts.refused += 1;
    if (mended === undefined) continue;
    counts.written += 1;
    if (mended.allow) counts.allowed += 1;
    const after = checkPolicy(mended.text, context).policy?.document;
    const told = { set: changes.flatMap(({ set }) => set), remove: changes.flatMap(({ remove }) => remove) };
    expect([id, after && changed(after, { set: [], remove: [] })]).toEqual([id, changed(policy.document, told)]);
  }
  console.log(`recorded policies: ${JSON.stringify(counts)}`);
  expect(counts.allowed).toBeGreaterThan(counts.refused / 2);
});
