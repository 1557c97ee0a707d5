/**
 * What values mean together: anchors and aliases, keys that are given twice, merges. Pure.
 */

import { type Position, quoted } from "../diagnostics.ts";
import { MAX_ALIASES, MAX_EXPANDED_VALUES } from "../limits.ts";
import type { YamlReading } from "./reading.ts";
import type { MapEntry, Tree } from "./tree.ts";

function isMerge(tree: Tree): boolean {
  return tree.kind === "text" && tree.plain && tree.value === "<<";
}

export class Anchors {
  readonly #reading: YamlReading;
  readonly #trees = new Map<string, Tree | "open">();
  #aliases = 0;

  constructor(reading: YamlReading) {
    this.#reading = reading;
  }

  /** Reads the value of an anchor: within itself it is not there yet. */
  define<T extends { readonly tree: Tree }>(name: string, at: Position, read: () => T): T {
    if (!/^[0-9A-Za-z_-]+$/.test(name))
      this.#reading.refuse(at, `anchor ${quoted(name)}`, "use letters, digits, `-` and `_`");
    if (this.#trees.has(name)) this.#reading.refuse(at, `anchor ${quoted(name)} is given twice`, "rename one of them");
    this.#trees.set(name, "open");
    const value = read();
    this.#trees.set(name, value.tree);
    return value;
  }

  resolve(name: string, at: Position): Tree {
    this.#aliases += 1;
    if (this.#aliases === MAX_ALIASES + 1)
      this.#reading.refuse(at, `more than ${MAX_ALIASES} aliases`, "write the values out");
    const target = this.#trees.get(name) ?? "unknown";
    if (target === "unknown")
      this.#reading.refuse(at, `unknown anchor ${quoted(name)}`, "define it before, as `&name`");
    else if (target === "open")
      this.#reading.refuse(at, `anchor ${quoted(name)} contains itself`, "write the value out");
    // To some readers such a key merges, to octo-sts it is a key of this name.
    else if (isMerge(target)) this.#reading.refuse(at, "an alias that stands for `<<`", "write `<<: *name`");
    else return { ...target, at };
    return { kind: "nothing", at };
  }
}

/** The entries of one mapping, with what is merged into it. */
export class Entries {
  readonly #reading: YamlReading;
  readonly #merges: Merges;
  readonly #entries: MapEntry[] = [];
  readonly #names = new Set<string>();

  constructor(reading: YamlReading, merges: Merges) {
    this.#reading = reading;
    this.#merges = merges;
  }

  get all(): readonly MapEntry[] {
    return this.#entries;
  }

  /** `isAliased`: the value is written as an alias. */
  add(key: Tree, value: Tree, isAliased: boolean): void {
    const { at } = key;
    if (key.kind !== "text") this.#reading.refuse(at, "a key that is not text", "write `key: value`");
    else if (isMerge(key)) for (const entry of this.#merges.entriesOf(value, isAliased)) this.#add(entry, at);
    else this.#add({ name: key.value, plain: key.plain, at, value }, at);
  }

  #add(entry: MapEntry, at: Position): void {
    const { name } = entry;
    if (this.#names.has(name)) this.#reading.refuse(at, `key ${quoted(name)} is given twice`, "keep one of them", name);
    else this.#entries.push(entry);
    this.#names.add(name);
  }
}

export class Merges {
  readonly #reading: YamlReading;
  #merged = 0;

  constructor(reading: YamlReading) {
    this.#reading = reading;
  }

  /** An alias is followed to a mapping, and not to a list of them. */
  entriesOf(content: Tree, isAliased: boolean): readonly MapEntry[] {
    const sources = content.kind === "list" && !isAliased ? content.items : [content];
    const maps = sources.filter((source) => source.kind === "map");
    if (maps.length < sources.length)
      this.#reading.refuse(content.at, "`<<` merges mappings only", "name an anchor of a mapping, as `<<: *name`");
    this.#merged += maps.reduce((sum, map) => sum + map.entries.length + 1, 0);
    if (this.#merged > MAX_EXPANDED_VALUES) {
      const message = `merges that bring in more than ${MAX_EXPANDED_VALUES} values`;
      this.#reading.refuse(content.at, message, "write the keys out");
      return [];
    }
    return maps.flatMap((map) => map.entries);
  }
}
