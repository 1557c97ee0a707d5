/**
 * Text -> raw value of a schema's shape, with the position of every value. Pure; never throws; all diagnostics at once.
 *
 * The schema drives the reading: a key that it does not know is told where it stands, and what lies below it is not looked at.
 */

import * as v from "valibot";
import { DiagnosticList, type Position, type Problem, quoted } from "../diagnostics.ts";
import { isLongerThan, MAX_EXPANDED_VALUES, MAX_FILE_BYTES } from "../limits.ts";
import { forbiddenCharacter } from "./characters.ts";
import { plainScalarDiagnostic } from "./scalars.ts";
import type { MapEntry, MapTree, Tree } from "./tree.ts";
import { parseYaml } from "./yaml.ts";

/** Where a path's value or key stands; undefined for a path that the file does not have. */
export type Locate = (path: string, part?: "key" | "value") => Position | undefined;

export interface FileKind {
  /** What to tell of a key that the schema lacks; `path` is that of the mapping. */
  unknownKey(path: string, name: string, known: readonly string[]): Problem;
  /** What to write for a value of the wrong shape: `items` are the texts of the list that stands there instead of a text. */
  shapeOf(path: string, items: readonly string[]): string;
  /** Keys below this path are not read by YAML 1.1: a JWK has members `n` and `y`. */
  readonly literalKeysUnder?: string;
}

export interface RawFile<T> {
  /** The keys that have the right shape; undefined if the text has no mapping to read. */
  readonly value: Partial<T> | undefined;
  /** Keys that are there in a wrong shape, so that no one calls them missing as well. */
  readonly broken: ReadonlySet<string>;
  readonly locate: Locate;
  /** What `locate` holds in memory, estimated. */
  readonly locatedBytes: number;
  readonly diagnostics: DiagnosticList;
}

/** Measured: of a path and its two positions. */
const BYTES_PER_PATH = 200;

/** Of a list where none may stand: for the remedy. */
const MAX_TOLD_ITEMS = 5;

type Entries = Readonly<Record<string, v.GenericSchema>>;

export function readYamlFile<E extends Entries>(
  text: string,
  schema: v.StrictObjectSchema<E, undefined>,
  kind: FileKind,
): RawFile<v.InferOutput<v.StrictObjectSchema<E, undefined>>> {
  const diagnostics = new DiagnosticList();
  const positions = new Map<string, { readonly key: Position; readonly value: Position }>();
  const locate: Locate = (path, part = "value") => positions.get(path)?.[part];
  const root = treeOf(text, diagnostics);
  const nothing = { value: undefined, broken: new Set<string>(), locate, locatedBytes: 0, diagnostics };
  if (root === undefined) return nothing;
  positions.set("", { key: root.at, value: root.at });
  if (root.kind === "text" || root.kind === "list") {
    diagnostics.add(
      "",
      root.at,
      `the file is ${root.kind === "list" ? "a list" : "one text"}, not a mapping`,
      "write `key: value` lines",
    );
    return nothing;
  }
  const record = (path: string, key: Position, value: Position) => positions.set(path, { key, value });
  const reader = new RawReader({ kind, diagnostics, record });
  const raw = reader.object(root.kind === "map" ? root : { kind: "map", entries: [], at: root.at }, schema.entries, "");
  const { value, broken } = checkShape(raw, schema.entries, { kind, diagnostics, locate });
  const locatedBytes = positions.size * BYTES_PER_PATH;
  // Each entry went through its own schema, which the compiler cannot see through a loop.
  const checked = value as Partial<v.InferOutput<v.StrictObjectSchema<E, undefined>>>;
  return { value: checked, broken, locate, locatedBytes, diagnostics };
}

function treeOf(text: string, diagnostics: DiagnosticList): Tree | undefined {
  const start = { line: 1, column: 1 };
  const withoutMark = text.startsWith("\ufeff") ? text.slice(1) : text;
  if (isLongerThan(MAX_FILE_BYTES, withoutMark)) {
    diagnostics.add("", start, `the file is longer than ${MAX_FILE_BYTES} bytes`, "shorten it");
    return undefined;
  }
  const forbidden = forbiddenCharacter(withoutMark);
  if (forbidden !== undefined) {
    const before = withoutMark.slice(0, forbidden.offset).split("\n");
    const at = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    diagnostics.add("", at, forbidden.message, forbidden.suggestion);
    return undefined;
  }
  return parseYaml(withoutMark, diagnostics).root;
}

/** Trees to plain values: text, null, lists, Maps for open mappings, null-prototype objects for closed ones. */
class RawReader {
  readonly #kind: FileKind;
  readonly #diagnostics: DiagnosticList;
  readonly #record: (path: string, key: Position, value: Position) => void;
  #values = 0;

  constructor(deps: {
    readonly kind: FileKind;
    readonly diagnostics: DiagnosticList;
    readonly record: (path: string, key: Position, value: Position) => void;
  }) {
    this.#kind = deps.kind;
    this.#diagnostics = deps.diagnostics;
    this.#record = deps.record;
  }

  object(tree: MapTree, entries: Entries, path: string): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null);
    for (const entry of tree.entries) {
      const below = path === "" ? entry.name : `${path}.${entry.name}`;
      const schema = Object.hasOwn(entries, entry.name) ? entries[entry.name] : undefined;
      this.#record(below, entry.at, entry.value.at);
      this.#checkKey(entry, below);
      if (schema !== undefined) result[entry.name] = this.#value(entry.value, schema, below);
      else {
        const tell = () => this.#kind.unknownKey(path, entry.name, Object.keys(entries));
        this.#diagnostics.addLater(below, entry.at, tell);
      }
    }
    return result;
  }

  #value(tree: Tree, schema: v.GenericSchema, path: string): unknown {
    this.#values += 1;
    if (this.#values === MAX_EXPANDED_VALUES + 1) {
      this.#diagnostics.add(path, tree.at, `more than ${MAX_EXPANDED_VALUES} values`, "shorten the file");
    }
    if (this.#values > MAX_EXPANDED_VALUES || tree.kind === "nothing") return null;
    if (tree.kind === "text") {
      const rewritten = tree.plain ? plainScalarDiagnostic(tree.value) : undefined;
      if (rewritten !== undefined) this.#diagnostics.add(path, tree.at, rewritten.message, rewritten.suggestion);
      return tree.value;
    }
    const inner = unwrap(schema);
    if (tree.kind === "list") {
      if (inner.item !== undefined) return this.#list(tree.items, inner.item, path);
      return tree.items.slice(0, MAX_TOLD_ITEMS).flatMap((item) => (item.kind === "text" ? [item.value] : []));
    }
    if (inner.entries !== undefined) return this.object(tree, inner.entries, path);
    return inner.type === "map" && inner.value !== undefined
      ? this.#openMap(tree, inner.value, path)
      : Object.create(null);
  }

  #list(items: readonly Tree[], schema: v.GenericSchema, path: string): unknown[] {
    return items.map((item, index) => {
      this.#record(`${path}[${index}]`, item.at, item.at);
      return this.#value(item, schema, `${path}[${index}]`);
    });
  }

  #openMap(tree: MapTree, schema: v.GenericSchema, path: string): Map<string, unknown> {
    return new Map(
      tree.entries.map((entry) => {
        const below = `${path}.${entry.name}`;
        this.#record(below, entry.at, entry.value.at);
        this.#checkKey(entry, below);
        return [entry.name, this.#value(entry.value, schema, below)];
      }),
    );
  }

  #checkKey(entry: MapEntry, path: string): void {
    const { literalKeysUnder } = this.#kind;
    if (!entry.plain || (literalKeysUnder !== undefined && path.startsWith(literalKeysUnder))) return;
    const rewritten = plainScalarDiagnostic(entry.name);
    if (rewritten !== undefined)
      this.#diagnostics.add(path, entry.at, `the key is ${rewritten.message}`, rewritten.suggestion);
  }
}

interface Inner {
  readonly type: string;
  readonly entries?: Entries;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  /** Of a schema that depends on what is there: asked for what it wants of a mapping. */
  readonly getter?: (input: unknown) => v.GenericSchema;
}

/** The schema below `nullish`, `nullable` and `lazy`, seen through the fields that its kind has. */
function unwrap(schema: v.GenericSchema): Inner {
  const inner: Inner = schema;
  const below = inner.wrapped ?? inner.getter?.(undefined);
  return below === undefined ? inner : unwrap(below);
}

function checkShape(
  raw: Record<string, unknown>,
  entries: Entries,
  {
    kind,
    diagnostics,
    locate,
  }: { readonly kind: FileKind; readonly diagnostics: DiagnosticList; readonly locate: Locate },
) {
  const value: Record<string, unknown> = Object.create(null);
  const broken = new Set<string>();
  for (const [key, schema] of Object.entries(entries)) {
    if (!Object.hasOwn(raw, key)) continue;
    const result = v.safeParse(schema, raw[key]);
    for (const issue of result.issues ?? []) {
      const path = pathOf(key, issue);
      const items = Array.isArray(issue.input) ? issue.input.filter((item) => typeof item === "string") : [];
      diagnostics.add(path, locate(path) ?? locate(key), `${path} ${issue.message}`, kind.shapeOf(path, items));
    }
    if (result.success) value[key] = result.output;
    else if (!withoutBadEntries(raw[key], result.issues)) broken.add(key);
    else value[key] = raw[key];
  }
  return { value, broken };
}

/** Takes the entries with issues out of an open mapping, so that what is wrong with the others is still found. */
function withoutBadEntries(container: unknown, issues: readonly v.BaseIssue<unknown>[]): boolean {
  if (!(container instanceof Map)) return false;
  for (const issue of issues) {
    const name = issue.path?.[0]?.key;
    if (!container.delete(name)) return false;
  }
  return true;
}

function pathOf(key: string, issue: v.BaseIssue<unknown>): string {
  const steps = issue.path ?? [];
  return steps.reduce(
    (path, { key: step }) => (typeof step === "number" ? `${path}[${step}]` : `${path}.${step}`),
    key,
  );
}

/** For unknown keys and names: "did you mean", or the list of what is known. */
export function unknownName(what: string, name: string, near: string | undefined, known: readonly string[]) {
  const message = `unknown ${what} ${quoted(name)}`;
  const suggestion = near === undefined ? `known are ${known.join(", ")}` : `did you mean \`${near}\`?`;
  return { message, suggestion };
}
