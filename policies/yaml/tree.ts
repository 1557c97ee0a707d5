/**
 * What a YAML text holds, with the position of everything in it. It knows no policy: what the values mean is for others. Pure.
 *
 * Aliases share the tree of their anchor and are never copied, so that no file grows by being read.
 */

import type { Position } from "../diagnostics.ts";

export type Tree = TextTree | NothingTree | MapTree | ListTree;

/** `plain`: typed without quotes, so that the YAML 1.1 rules of scalars.ts apply. */
export interface TextTree {
  readonly kind: "text";
  readonly value: string;
  readonly plain: boolean;
  readonly at: Position;
}
export interface NothingTree {
  readonly kind: "nothing";
  readonly at: Position;
}
export interface MapTree {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
  readonly at: Position;
}
export interface ListTree {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly at: Position;
}
export interface MapEntry {
  readonly name: string;
  readonly plain: boolean;
  readonly at: Position;
  readonly value: Tree;
}
