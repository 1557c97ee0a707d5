// TypeScript source -> what it imports and what in it needs an excuse. Parsed, not searched, so that text in strings and
// comments counts for nothing. No I/O.

import { posix } from "node:path";
import { parseAst } from "vitest/node";

/** Path from the repository's root -> source. */
export type Tree = ReadonlyMap<string, string>;

export interface Module {
  readonly path: string;
  /** Paths from the root for files of the repository, bare names as written for all else; types and re-exports too. */
  readonly imports: readonly string[];
  /** Names of globals that are read, free or not: `fetch`, `process`. */
  readonly names: ReadonlySet<string>;
  /** Names that are declared here and exported, a type and a value of one name once; not what is passed on from elsewhere. */
  readonly exports: readonly string[];
  /** Each function with its lines from head to end, those of functions inside it included. */
  readonly functions: readonly { readonly line: number; readonly lines: number }[];
  /** "line: what" */
  readonly excuses: readonly string[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

function* childrenOf(node: Node): Generator<readonly [role: string, child: Node]> {
  for (const [role, value] of Object.entries(node)) {
    for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) yield [role, one];
  }
}

/** From top to bottom. A list of what is left to do: generators within generators take seconds for the whole repository. */
function* everyNode(root: Node): Generator<{ node: Node; parent?: Node; role: string }> {
  const left: { node: Node; parent?: Node; role: string }[] = [{ node: root, role: "" }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    yield next;
    const parent = next.node;
    for (const [role, node] of [...childrenOf(parent)].reverse()) left.push({ node, parent, role });
  }
}

const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

/** Undefined for whatever imports nothing; "?" where the name is computed, which no rule can judge. */
function importedBy(node: Node): string | undefined {
  if (!IMPORTING.has(node.type)) return undefined;
  const { source } = node;
  if (!isNode(source)) return undefined;
  return typeof source.value === "string" ? source.value : "?";
}

function resolved(from: string, name: string): string {
  return name.startsWith(".") ? posix.join(posix.dirname(from), name) : name;
}

const PLAIN_KEYS = new Set(["property", "key"]);
const TEST_FUNCTIONS = new Set(["it", "test", "describe", "suite", "bench"]);

function isLeftOut(node: Node): boolean {
  if (node.type !== "CallExpression" || !isNode(node.callee)) return false;
  const members: string[] = [];
  let here: unknown = node.callee;
  while (isNode(here) && (here.type === "MemberExpression" || here.type === "CallExpression")) {
    if (isNode(here.property)) members.push(String(here.property.name));
    here = here.type === "MemberExpression" ? here.object : here.callee;
  }
  const root = isNode(here) ? String(here.name) : "";
  return TEST_FUNCTIONS.has(root) && members.some((name) => ["skip", "only", "todo", "fails"].includes(name));
}

function excuseFor(node: Node, lines: readonly string[], lineOf: () => number): string | undefined {
  if (node.type === "TSAnyKeyword") return "any";
  if (isLeftOut(node)) return "a test that is left out, or leaves out others";
  if (node.type !== "TSNonNullExpression") return undefined;
  const line = lineOf();
  const near = `${lines[line - 2] ?? ""}\n${lines[line - 1] ?? ""}`;
  return near.includes("//") ? undefined : "! without a reason";
}

/** `export const a`, `export function a`, `export { a }` of what is not imported; sorted. */
function exportsOf(program: Node): string[] {
  const statements = [...childrenOf(program)].map(([, statement]) => statement);
  const imported = statements
    .filter(({ type }) => type === "ImportDeclaration")
    .flatMap((statement) => [...childrenOf(statement)].map(([, { local }]) => (isNode(local) ? local.name : "")));
  const names = statements
    .filter(({ type, source }) => type === "ExportNamedDeclaration" && !isNode(source))
    .flatMap((statement) => {
      if (isNode(statement.declaration)) return [...namesOf(statement.declaration)];
      return [...childrenOf(statement)].flatMap(([, { local, exported }]) =>
        isNode(local) && isNode(exported) && !imported.includes(local.name) ? [String(exported.name)] : [],
      );
    });
  return [...new Set(names)].sort();
}

/** Of a declaration: its own name, or for `const` those of its declarators. */
function* namesOf(declaration: Node): Generator<string> {
  const declarators = [...childrenOf(declaration)].filter(([role]) => role === "declarations");
  for (const { id } of [declaration, ...declarators.map(([, declarator]) => declarator)]) {
    if (isNode(id) && id.type === "Identifier") yield String(id.name);
  }
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

const lineCount = (text: string): number => text.split("\n").length;

export function readModule(path: string, source: string): Module {
  // The parser's own types describe JavaScript alone; every node has at least a type and a place.
  const program = parseAst(source, { lang: path.endsWith(".tsx") ? "tsx" : "ts" }) as unknown as Node;
  const lines = source.split("\n");
  const imports = new Set<string>();
  const names = new Set<string>();
  const excuses = new Set<string>();
  const functions: { readonly line: number; readonly lines: number }[] = [];
  for (const { node, parent, role } of everyNode(program)) {
    const imported = importedBy(node);
    if (imported !== undefined) imports.add(resolved(path, imported));
    const isKey = PLAIN_KEYS.has(role) && parent?.computed !== true && parent?.shorthand !== true;
    if (node.type === "Identifier" && !isKey) names.add(String(node.name));
    // Counted for the few nodes that need it: for each it would take seconds.
    const lineOf = () => lineCount(source.slice(0, node.start));
    if (FUNCTIONS.has(node.type))
      functions.push({ line: lineOf(), lines: lineCount(source.slice(node.start, node.end)) });
    const excuse = excuseFor(node, lines, lineOf);
    if (excuse !== undefined) excuses.add(`${lineOf()}: ${excuse}`);
  }
  for (const [i, text] of lines.entries()) {
    const told = /(?:\/\/|\/\*)\s*(@ts-(?:ignore|nocheck|expect-error))/.exec(text)?.[1];
    if (told !== undefined) excuses.add(`${i + 1}: ${told}`);
  }
  return {
    path,
    imports: [...imports].sort(),
    names,
    exports: exportsOf(program),
    functions,
    excuses: [...excuses],
  };
}

export function readModules(tree: Tree): Module[] {
  return [...tree].map(([path, source]) => readModule(path, source));
}
