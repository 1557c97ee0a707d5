/**
 * `*.sts.test.yaml`: what a policy is expected to do with named tokens. Text -> TestFile, or diagnostics with line and column. Pure.
 *
 * Claims are JSON as a token has it, so that numbers and booleans are meant as such (YAML 1.2); nothing else is guessed. A refusal
 * must name its clause, because a test that expects any refusal passes for the wrong reason.
 */

import * as v from "valibot";
import { isMap, LineCounter, parseDocument } from "yaml";
import { DiagnosticList, type Parsed, type Position } from "../diagnostics.ts";
import { hostOfDeployment } from "../names.ts";
import { isObject, type JsonObject } from "../objects.ts";

export interface TestFile {
  /** `owner` for an organization policy, `owner/repository` for any other; undefined: as for `check`. */
  readonly scope: { readonly owner: string; readonly repository?: string } | undefined;
  readonly domain: string | undefined;
  /** The ids of everything that lint says, sorted; undefined: not looked at. */
  readonly warnings: readonly string[] | undefined;
  readonly grants: ExpectedGrant | undefined;
  readonly tokens: readonly TestToken[];
}

export interface ExpectedGrant {
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories: readonly string[] | "all" | undefined;
}

export interface TestToken {
  readonly name: string;
  readonly at: Position;
  readonly like: string | undefined;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** Relative to the test file; JSON. */
  readonly claimsFile: string | undefined;
  readonly expect: "allow" | "deny";
  /** The clause, as `explain` names it. */
  readonly fails: string | undefined;
}

const text = v.pipe(v.string("must be a string"), v.nonEmpty("must not be empty"));
const ClaimsSchema = v.custom<JsonObject>(isObject, "must be a mapping of claims");

const TokenSchema = v.strictObject(
  {
    name: text,
    like: v.optional(text),
    claims: v.optional(ClaimsSchema),
    claims_file: v.optional(v.pipe(text, v.endsWith(".json", "must name a .json file"))),
    expect: v.picklist(["allow", "deny"], "must be `allow` or `deny`"),
    fails: v.optional(
      v.pipe(
        text,
        v.regex(
          /^(fields\.(iss|sub|aud)|issuer|subject|audience|claim_pattern\..+|max_token_lifetime)$/,
          "must be issuer, subject, audience, claim_pattern.NAME, max_token_lifetime, or fields.iss, fields.sub, fields.aud",
        ),
      ),
    ),
  },
  "must be a mapping with name, claims and expect",
);

const FileSchema = v.strictObject(
  {
    scope: v.optional(
      v.pipe(text, v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]*(\/[A-Za-z0-9._-]+)?$/, "must be `owner` or `owner/repository`")),
    ),
    domain: v.optional(
      v.pipe(
        text,
        v.check((domain) => hostOfDeployment(domain) !== undefined, "must be the deployment's host, or its URL"),
        v.transform((domain) => hostOfDeployment(domain) ?? domain),
      ),
    ),
    warnings: v.optional(v.array(text, "must be a list of lint's ids")),
    grants: v.optional(
      v.strictObject({
        permissions: v.record(v.string(), text, "must be a mapping of permissions to levels"),
        repositories: v.optional(v.union([v.literal("all"), v.array(text)], "must be a list of names, or `all`")),
      }),
    ),
    tokens: v.pipe(v.array(TokenSchema, "must be a list of tokens"), v.nonEmpty("must have a token")),
  },
  "must be a mapping with `tokens`",
);

type RawToken = v.InferOutput<typeof TokenSchema>;

export function parseTestFile(source: string): Parsed<TestFile> {
  const lines = new LineCounter();
  const at = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const diagnostics = new DiagnosticList();
  const document = parseDocument(source, {
    schema: "core",
    version: "1.2",
    lineCounter: lines,
    logLevel: "silent",
    prettyErrors: false,
  });
  for (const { message, pos } of document.errors) diagnostics.add("", at(pos[0]), `not valid YAML: ${message}`);
  if (diagnostics.count() > 0) return { ok: false, diagnostics: diagnostics.sorted() };
  const locate = (path: readonly unknown[]): Position => {
    for (let length = path.length; length > 0; length -= 1) {
      const key = path[length - 1];
      const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
      const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(key)) : undefined;
      const node = pair === undefined ? document.getIn(path.slice(0, length), true) : pair.key;
      if (hasRange(node)) return at(node.range[0]);
    }
    return { line: 1, column: 1 };
  };
  return shaped(document.toJS(), locate, diagnostics);
}

function hasRange(node: unknown): node is { readonly range: readonly number[] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}

type LocatePath = (path: readonly unknown[]) => Position;

function shaped(value: unknown, locate: LocatePath, diagnostics: DiagnosticList): Parsed<TestFile> {
  const result = v.safeParse(FileSchema, value);
  for (const issue of result.issues ?? []) addIssue(issue, locate, diagnostics);
  if (!result.success) return { ok: false, diagnostics: diagnostics.sorted() };
  const { scope, domain, warnings, grants, tokens } = result.output;
  checkTokens(tokens, locate, diagnostics);
  if (diagnostics.count() > 0) return { ok: false, diagnostics: diagnostics.sorted() };
  const [owner = "", repository] = (scope ?? "").split("/");
  const file: TestFile = {
    scope: scope === undefined ? undefined : { owner, ...(repository === undefined ? {} : { repository }) },
    domain,
    warnings: warnings?.toSorted(),
    grants: grants === undefined ? undefined : { permissions: grants.permissions, repositories: grants.repositories },
    tokens: tokens.map(({ name, like, claims, claims_file: claimsFile, expect, fails }, index) => {
      return { name, at: locate(["tokens", index]), like, claims, claimsFile, expect, fails };
    }),
  };
  return { ok: true, value: file };
}

function addIssue(issue: v.BaseIssue<unknown>, locate: LocatePath, diagnostics: DiagnosticList): void {
  const keys = issue.path?.map(({ key }) => key) ?? [];
  const path = keys.reduce<string>(
    (told, key) => (typeof key === "number" ? `${told}[${key}]` : `${told}${told === "" ? "" : "."}${String(key)}`),
    "",
  );
  const isUnknown = issue.expected === "never";
  const isMissing = issue.type === "strict_object" && !isUnknown && issue.received === "undefined";
  const message = isUnknown
    ? `unknown key \`${path}\``
    : isMissing
      ? `\`${path}\` is not given`
      : `${path === "" ? "the file" : `\`${path}\``} ${issue.message}`;
  diagnostics.add(path, locate(keys), message);
}

/** What one key means for another. */
function checkTokens(tokens: readonly RawToken[], locate: LocatePath, diagnostics: DiagnosticList): void {
  const before = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    const path = `tokens[${index}]`;
    const add = (key: string, message: string) =>
      diagnostics.add(`${path}.${key}`, locate(["tokens", index, key]), message);
    const { name, like, claims, claims_file: file, expect, fails } = token;
    if (before.has(name)) add("name", `two tokens are named ${JSON.stringify(name)}`);
    if (like !== undefined && !before.has(like))
      add("like", `no token before this one is named ${JSON.stringify(like)}`);
    if (like !== undefined && file !== undefined)
      add("claims_file", "`like` and `claims_file` are both given; keep one of them");
    if (like === undefined && file === undefined && claims === undefined)
      add("claims", "neither claims, claims_file nor like is given");
    if (expect === "deny" && fails === undefined)
      add("fails", "a token that is denied needs `fails`, the clause that denies it");
    if (expect === "allow" && fails !== undefined)
      add("fails", "a token that is allowed fails at no clause; remove it");
    for (const unsafe of unsafeNumbers(claims))
      add("claims", `the number at ${unsafe} is not exact; quote it if the token has text there`);
    before.add(name);
  }
}

/** Paths of numbers that no JSON text of a token gives exactly. */
function unsafeNumbers(value: unknown, path = ""): readonly string[] {
  if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER) return [path];
  if (typeof value === "number" && Number.isNaN(value)) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => unsafeNumbers(below, path === "" ? key : `${path}/${key}`));
}
