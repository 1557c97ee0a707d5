/**
 * A text editor with YAML's colours, completion and marks on its lines.
 *
 * It lives in a shadow root: there its styles are adopted style sheets, which need no exception from the page's
 * Content-Security-Policy, as a `style` element would. Tab is not bound, so that it leaves the editor as any field.
 */
import { autocompletion, type Completion, type CompletionContext, startCompletion } from "@codemirror/autocomplete";
import { history, historyKeymap, insertNewlineKeepIndent } from "@codemirror/commands";
import { lintGutter, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { useEffect, useRef } from "preact/hooks";
import { COLOURS } from "./colours.ts";
import type { Offer, Offers } from "./completion.ts";
import { LOOK } from "./look.ts";
import { type Mark, placedMarks } from "./marks.ts";

export interface EditorProps {
  readonly label: string;
  /** Told with the label to who does not see the page. */
  readonly help: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly placeholder: string;
  readonly maxCharacters: number;
  /** What was typed or pasted would have made the text longer than that, and was not taken. */
  readonly onTooLong: () => void;
  readonly marks?: readonly Mark[];
  readonly offersAt?: (text: string, at: number) => Offers | undefined;
  /** What a pasted text becomes, in place of the whole text; undefined: it is pasted as it is. */
  readonly take?: (pasted: string) => string | undefined;
}

const NO_MARKS: readonly Mark[] = [];

export function Editor(props: EditorProps) {
  const { value, marks = NO_MARKS } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const typed = useRef<readonly string[]>([]);
  const latest = useRef(props);
  latest.current = {
    ...props,
    onChange: (text) => {
      typed.current = [...typed.current, text];
      props.onChange(text);
    },
  };
  useEffect(() => {
    if (host.current === null) return undefined;
    view.current = open(host.current, latest);
    return () => view.current?.destroy();
  }, []);
  useEffect(() => {
    // What was typed here comes back a moment later, when there may be more of it already.
    const at = typed.current.indexOf(value);
    typed.current = at < 0 ? [] : typed.current.slice(at + 1);
    if (at < 0 && view.current !== undefined) setText(view.current, value);
  }, [value]);
  useEffect(() => {
    const shown = view.current;
    if (shown === undefined) return;
    const apply = (text: string) => {
      setText(shown, text);
      shown.focus();
    };
    shown.dispatch(setDiagnostics(shown.state, placedMarks(shown.state.doc, marks, apply)));
  }, [marks]);
  return <div class="editor" ref={host} />;
}

interface Latest {
  readonly current: EditorProps;
}

const HELP = "help";

function open(host: HTMLElement, latest: Latest): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open", delegatesFocus: true });
  // What describes the editor has to stand in the same tree.
  const help = document.createElement("p");
  help.id = HELP;
  help.hidden = true;
  help.textContent = latest.current.help;
  root.replaceChildren(help);
  const state = EditorState.create({ doc: latest.current.value, extensions: extensionsOf(latest) });
  return new EditorView({ state, root, parent: root });
}

function extensionsOf(latest: Latest): Extension {
  const { label, placeholder: hint } = latest.current;
  return [
    lineNumbers(),
    lintGutter(),
    history(),
    COLOURS,
    LOOK,
    EditorView.lineWrapping,
    placeholder(hint),
    EditorState.tabSize.of(2),
    keymap.of([{ key: "Enter", run: insertNewlineKeepIndent }, ...historyKeymap, { key: "F8", run: nextDiagnostic }]),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": HELP, autocapitalize: "off" }),
    autocompletion({ override: [(context) => completionsFor(context, latest)], icons: false }),
    bounded(latest),
    EditorView.domEventHandlers({
      paste: (event, view) => take(event.clipboardData, event, view, latest),
      drop: (event, view) => take(event.dataTransfer, event, view, latest),
    }),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) latest.current.onChange(state.doc.toString());
    }),
  ];
}

function bounded(latest: Latest): Extension {
  return EditorState.changeFilter.of(({ newDoc, startState }) => {
    const { maxCharacters, onTooLong } = latest.current;
    const isGood = newDoc.length <= maxCharacters || newDoc.length <= startState.doc.length;
    // Not within the transaction that it is asked in.
    if (!isGood) queueMicrotask(onTooLong);
    return isGood;
  });
}

function take(data: DataTransfer | null, event: Event, view: EditorView, { current }: Latest): boolean {
  const taken = current.take?.(data?.getData("text/plain") ?? "");
  if (taken === undefined) return false;
  event.preventDefault();
  setText(view, taken);
  return true;
}

/** Changes no more than what differs, so that cursor, marks and the way back stay. */
function setText(view: EditorView, text: string): void {
  const before = view.state.doc.toString();
  if (before === text) return;
  const most = Math.min(before.length, text.length);
  let start = 0;
  while (start < most && before[start] === text[start]) start += 1;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === text[text.length - 1 - end]) end += 1;
  view.dispatch({ changes: { from: start, to: before.length - end, insert: text.slice(start, text.length - end) } });
}

function completionsFor(context: CompletionContext, { current }: Latest) {
  const { state, pos, explicit } = context;
  const found = current.offersAt?.(state.doc.toString(), pos);
  if (found === undefined || (found.from === pos && !explicit)) return null;
  return { from: found.from, options: found.offers.map(completionOf), validFor: /^[^\s]*$/ };
}

function completionOf({ label, insert = label, detail, info }: Offer, index: number): Completion {
  return {
    label,
    boost: -index / 100,
    ...(detail !== undefined && { detail }),
    ...(info !== undefined && { info }),
    apply: (view, _, from, to) => {
      view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length } });
      if (insert.endsWith(": ") || insert.endsWith("\n  ")) startCompletion(view);
    },
  };
}
