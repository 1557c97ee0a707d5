/** YAML's colours, by the lexemes that the policies' own reader sees: what looks like a key is one. */
import { type Extension, RangeSetBuilder, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { MAX_TOKENS } from "../../../policies/limits.ts";
import { type Lexeme, LexemeParser } from "../../../policies/yaml/lexemes.ts";

const KEY = Decoration.mark({ class: "tok-key" });
const TEXT = Decoration.mark({ class: "tok-text" });
const COMMENT = Decoration.mark({ class: "tok-comment" });
const OTHER = Decoration.mark({ class: "tok-other" });

const MARKS: Readonly<Partial<Record<Lexeme["kind"], Decoration>>> = {
  comment: COMMENT,
  plain: TEXT,
  "block-text": TEXT,
  "single-quoted-scalar": TEXT,
  "double-quoted-scalar": TEXT,
  alias: OTHER,
  anchor: OTHER,
  tag: OTHER,
  "block-scalar-header": OTHER,
};

function decorationsOf(doc: Text): DecorationSet {
  const found: { from: number; to: number; mark: Decoration }[] = [];
  const look = ({ kind, source, offset }: Lexeme): boolean => {
    const last = found.at(-1);
    if (kind === "map-value-ind" && last?.mark === TEXT) last.mark = KEY;
    const mark = MARKS[kind];
    if (mark !== undefined && source !== "") found.push({ from: offset, to: offset + source.length, mark });
    return found.length < MAX_TOKENS;
  };
  for (const _ of new LexemeParser(look).parse(doc.toString()));
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to, mark } of found) builder.add(from, Math.min(to, doc.length), mark);
  return builder.finish();
}

const PLUGIN = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor({ state }: EditorView) {
      this.decorations = decorationsOf(state.doc);
    }

    update({ docChanged, state }: ViewUpdate): void {
      if (docChanged) this.decorations = decorationsOf(state.doc);
    }
  },
  { decorations: ({ decorations }) => decorations },
);

export const COLOURS: Extension = [
  PLUGIN,
  EditorView.theme({
    ".tok-key": { color: "var(--accent)" },
    ".tok-text": { color: "var(--good)" },
    ".tok-comment": { color: "var(--muted)" },
    ".tok-other": { color: "var(--warn)" },
  }),
];
