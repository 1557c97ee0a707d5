/**
 * What stands before a value and behind it: white space, comments, indicators, commas, anchors and tags. Pure.
 */

import type { CST } from "yaml";
import { GLUED_COMMENT, notValid, TAB } from "./problems.ts";
import type { YamlReading } from "./reading.ts";

interface Place {
  readonly indicator?: "doc-start" | "seq-item-ind" | "map-value-ind";
  /** The brackets that it stands in. */
  readonly flow?: "flow map" | "flow sequence" | undefined;
  readonly next: CST.Token | null | undefined;
  /** Where it begins if there are no separators. */
  readonly offset: number;
  readonly parentIndent: number;
  readonly startsLine: boolean;
}

/** The separators before a value, each taken and judged. */
export class Before {
  indicator: CST.SourceToken | undefined;
  comma: CST.SourceToken | undefined;
  anchor: CST.SourceToken | undefined;
  tag: CST.SourceToken | undefined;
  hasComment = false;
  hasNewline = false;
  newlineBehindProperty: CST.SourceToken | undefined;
  end: number;
  /** Where a value stands that is not written: behind what is no white space. */
  emptyAt: number;
  readonly #reading: YamlReading;
  readonly #place: Place;
  #atNewline: boolean;
  #hasSpace: boolean;
  #needsSpace = false;
  #isBehindContent = false;
  #tab: CST.SourceToken | undefined;

  constructor(reading: YamlReading, tokens: readonly CST.SourceToken[], place: Place) {
    this.#reading = reading;
    this.#place = place;
    this.#atNewline = place.startsLine;
    this.#hasSpace = place.startsLine;
    this.end = place.offset;
    this.emptyAt = tokens[0]?.offset ?? place.offset;
    for (const token of tokens) this.#take(token);
    this.#lookAhead();
  }

  /** Whether an anchor or a tag was taken, so that a value must be read, too. */
  get hasProperty(): boolean {
    return this.anchor !== undefined || this.tag !== undefined;
  }

  /** Where its anchor or tag begins, or else the value. */
  get start(): number {
    return Math.min(this.anchor?.offset ?? this.end, this.tag?.offset ?? this.end);
  }

  #take(token: CST.SourceToken): void {
    const { type, source, offset } = token;
    if (type === "anchor" || type === "tag") this.#reading.takeProperty(token);
    else this.#reading.take(token);
    this.end = offset + source.length;
    if (this.#needsSpace && type !== "space" && type !== "newline" && type !== "comma") this.#tellGlued(offset);
    this.#needsSpace = false;
    if (this.#tab !== undefined && this.#atNewline && type !== "comment" && type !== "newline")
      this.#reading.broken(this.#tab.offset, TAB);
    this.#tab = undefined;
    if (type === "space" || type === "newline" || type === "comment") this.#takeBlank(token);
    else this.#takeContent(token);
  }

  #takeBlank(token: CST.SourceToken): void {
    const { type, source, offset } = token;
    const { flow, indicator, next } = this.#place;
    this.#isBehindContent &&= type === "space";
    if (this.#isBehindContent) this.emptyAt = this.end;
    if (type === "comment") {
      if (!this.#hasSpace) this.#reading.broken(offset, GLUED_COMMENT);
      this.hasComment = true;
      this.#atNewline = false;
      return;
    }
    this.#hasSpace = true;
    if (type === "newline") {
      this.#atNewline = true;
      this.hasNewline = true;
      if (this.hasProperty) this.newlineBehindProperty = token;
    } else if (flow === undefined && (indicator !== "doc-start" || next?.type !== "flow-collection"))
      this.#tab = source.includes("\t") ? token : undefined;
  }

  #takeContent(token: CST.SourceToken): void {
    const { type, source, offset } = token;
    const { indicator, flow } = this.#place;
    this.emptyAt = this.end;
    this.#isBehindContent = true;
    this.#atNewline = type === "seq-item-ind" && type === indicator;
    this.#hasSpace = false;
    if (type === "anchor" || type === "tag") {
      if (this[type] !== undefined) this.#tell(offset, `a node can have at most one ${type}`);
      this[type] = token;
      this.#needsSpace = true;
    } else if (type === indicator) {
      if (this.hasProperty) this.#tell(offset, `anchors and tags must be after the ${source} indicator`);
      if (this.indicator !== undefined) this.#tell(offset, `unexpected ${source} in ${flow ?? "collection"}`);
      this.indicator = token;
    } else if (type === "comma" && flow !== undefined) {
      if (this.comma !== undefined) this.#tell(offset, `unexpected , in ${flow}`);
      this.comma = token;
    } else this.#tell(offset, `unexpected ${type} token`);
  }

  #lookAhead(): void {
    const { flow, next, parentIndent } = this.#place;
    if (this.#needsSpace && next && !(next.type === "scalar" && next.source === "")) {
      if (next.type !== "space" && next.type !== "newline" && next.type !== "comma") this.#tellGlued(next.offset);
    }
    // Not every reader looks for the value on the next line, in brackets.
    if (flow !== undefined && this.newlineBehindProperty !== undefined) {
      const message = "an anchor or a tag in brackets on another line than its value";
      this.#reading.refuse(this.#reading.at(this.start), message, "put them on one line");
    }
    // Before a key in a line of its own, not every reader takes both for the key's.
    if (this.anchor !== undefined && this.tag !== undefined)
      this.#reading.refuse(this.#reading.at(this.start), "an anchor and a tag on one value", "remove the tag");
    if (this.#tab === undefined) return;
    const isBlock = next?.type === "block-map" || next?.type === "block-seq";
    if (isBlock || (this.#atNewline && this.#tab.indent <= parentIndent)) this.#reading.broken(this.#tab.offset, TAB);
  }

  #tell(offset: number, what: string): void {
    this.#reading.broken(offset, notValid(what));
  }

  #tellGlued(offset: number): void {
    this.#tell(offset, "tags and anchors must be separated from the next token by white space");
  }
}

/** The separators behind a value. */
export function takeEnd(reading: YamlReading, tokens: readonly CST.SourceToken[] = [], needsSpace = true): void {
  let hasSpace = !needsSpace;
  for (const token of tokens) {
    const { type, offset } = token;
    reading.take(token);
    if (type === "space" || type === "newline") hasSpace = true;
    else if (type !== "comment") reading.broken(offset, notValid(`unexpected ${type} at node end`));
    else if (!hasSpace) reading.broken(offset, GLUED_COMMENT);
  }
}
