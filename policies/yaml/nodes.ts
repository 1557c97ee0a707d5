/**
 * The library's concrete syntax tree -> a positioned tree. Pure; never throws.
 *
 * Each token of the syntax tree is taken once and in order; what is not known here is a problem.
 */

import type { CST } from "yaml";
import { type Position, quoted } from "../diagnostics.ts";
import { MAX_NESTING_DEPTH } from "../limits.ts";
import { readBlockList, readBlockMap } from "./blocks.ts";
import { readBrackets } from "./brackets.ts";
import type { Content, Node, Nodes, Token } from "./pairs.ts";
import { INDENTATION, notValid } from "./problems.ts";
import type { YamlReading } from "./reading.ts";
import { readBlockText, readText } from "./scalar-tokens.ts";
import { Before, takeEnd } from "./separators.ts";
import type { Tree } from "./tree.ts";
import { Anchors, Entries, Merges } from "./values.ts";

/** Of the tags, forms.ts leaves `!!str`, which says what every value is. */
const STRING_TAG = "tag:yaml.org,2002:str";

export class NodeReader implements Nodes {
  readonly reading: YamlReading;
  readonly #anchors: Anchors;
  readonly #merges: Merges;
  #depth = 0;
  #openFlows = 0;

  constructor(reading: YamlReading) {
    this.reading = reading;
    this.#anchors = new Anchors(reading);
    this.#merges = new Merges(reading);
  }

  document({ offset, start, value, end = [] }: CST.Document): Tree {
    const next = value ?? end[0];
    const place = { indicator: "doc-start", next, offset, parentIndent: 0, startsLine: true } as const;
    const before = new Before(this.reading, start, place);
    const isBlock = value?.type === "block-map" || value?.type === "block-seq";
    if (before.indicator !== undefined && isBlock && !before.hasNewline)
      this.reading.broken(before.end, notValid("a mapping or list on the line of `---`"));
    // Not every reader finds the mapping that an anchor stands before, if the anchor is indented deeper.
    const property = before.anchor ?? before.tag;
    if (isBlock && property !== undefined && property.indent > value.indent)
      this.reading.broken(value.offset, INDENTATION);
    const { tree } = this.read(value, before);
    takeEnd(this.reading, end, false);
    return tree;
  }

  entries(): Entries {
    return new Entries(this.reading, this.#merges);
  }

  read(token: Token, before: Before): Node {
    this.reading.close(before.anchor);
    this.reading.close(before.tag);
    const start = token?.offset ?? before.emptyAt;
    const at = this.reading.at(start);
    if (this.#depth > MAX_NESTING_DEPTH) {
      const message = `nested deeper than ${MAX_NESTING_DEPTH} levels`;
      this.reading.refuse(at, message, "a policy needs three levels at most");
      return { tree: { kind: "nothing", at }, start, end: start };
    }
    this.#depth += 1;
    const { tree, end } = token?.type === "alias" ? this.#alias(token, before, at) : this.#anchored(token, before, at);
    this.#depth -= 1;
    return { tree, start, end };
  }

  #alias({ offset, source, end }: CST.FlowScalar, { anchor, tag }: Before, at: Position): Content {
    this.reading.take({ offset, source });
    if (source === "*") this.reading.broken(offset, notValid("alias cannot be an empty string"));
    takeEnd(this.reading, end);
    if (anchor !== undefined || tag !== undefined)
      this.reading.broken(offset, notValid("an alias node must not specify any properties"));
    return { tree: this.#anchors.resolve(source.slice(1), at), end: this.reading.taken };
  }

  #anchored(token: Token, before: Before, at: Position): Content {
    const { anchor } = before;
    if (anchor === undefined) return this.#content(token, before, at);
    const content = this.#anchors.define(anchor.source.slice(1), at, () => this.#content(token, before, at));
    if (anchor.source === "&") this.reading.broken(anchor.offset, notValid("anchor cannot be an empty string"));
    return content;
  }

  #content(token: Token, before: Before, at: Position): Content {
    const { reading } = this;
    const isTagged = before.tag !== undefined;
    if (!token) {
      const end = before.hasComment ? before.end : before.emptyAt;
      return { tree: isTagged ? { kind: "text", value: "", plain: false, at } : { kind: "nothing", at }, end };
    }
    switch (token.type) {
      case "scalar":
      case "single-quoted-scalar":
      case "double-quoted-scalar":
        return readText(reading, token, { at, isTagged, isInBrackets: this.#openFlows > 0 });
      case "block-scalar":
        return readBlockText(reading, token, at, this.#depth === 1);
      case "block-map":
      case "block-seq":
      case "flow-collection":
        if (isTagged) reading.refuse(at, `tag ${quoted(STRING_TAG)} on what is no text`, "remove it");
        return this.#collection(token, before, at);
      default:
        reading.broken(token.offset, notValid(token.type === "error" ? token.message : `unexpected ${token.type}`));
        return { tree: { kind: "nothing", at }, end: token.offset };
    }
  }

  #collection(token: CST.BlockMap | CST.BlockSequence | CST.FlowCollection, before: Before, at: Position): Content {
    if (token.type === "block-map") return readBlockMap(this, token, at);
    if (token.type === "block-seq") {
      this.#checkProperties(before);
      return readBlockList(this, token, at);
    }
    this.#openFlows += 1;
    const content = readBrackets(this, token, at, this.#depth === 1);
    this.#openFlows -= 1;
    return content;
  }

  #checkProperties({ anchor, tag, newlineBehindProperty }: Before): void {
    const last = (anchor?.offset ?? -1) > (tag?.offset ?? -1) ? anchor : tag;
    if (last !== undefined && (newlineBehindProperty?.offset ?? -1) < last.offset)
      this.reading.broken(last.offset, notValid("missing newline after block sequence props"));
  }
}
