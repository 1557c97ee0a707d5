/** How the editor looks: the page's own colours, which follow light and dark by themselves. */
import { EditorView } from "@codemirror/view";

/** Pictures in style sheets would be data: URLs, which the page's Content-Security-Policy forbids: so signs are text, lines are drawn. */
const wavy = (colour: string) => ({
  backgroundImage: "none",
  textDecoration: `underline wavy ${colour}`,
  textDecorationSkipInk: "none",
});
const sign = (colour: string, text: string) => ({
  content: "none",
  color: colour,
  "&::before": { content: JSON.stringify(text), fontWeight: "700" },
});

export const LOOK = EditorView.theme({
  "&": {
    color: "var(--text)",
    backgroundColor: "var(--code-bg)",
    border: "1px solid var(--control-line)",
    borderRadius: "6px",
    font: "0.875rem / 1.55 var(--mono)",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": {
    font: "inherit",
    minHeight: "14rem",
    maxHeight: "32rem",
    overflow: "auto",
    borderRadius: "inherit",
  },
  ".cm-content": { caretColor: "var(--text)", padding: "0.5rem 0" },
  ".cm-line": { padding: "0 0.6rem 0 0.3rem" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "transparent", border: "0" },
  ".cm-gutter-lint": { width: "1.1em" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 0.15em" },
  ".cm-lint-marker": { width: "auto", height: "auto", cursor: "help" },
  ".cm-lint-marker-error": sign("var(--bad)", "×"),
  ".cm-lint-marker-warning": sign("var(--warn)", "!"),
  ".cm-lint-marker-info": sign("var(--accent)", "i"),
  ".cm-lintRange": { paddingBottom: "0" },
  ".cm-lintRange-error": wavy("var(--bad)"),
  ".cm-lintRange-warning": wavy("var(--warn)"),
  ".cm-lintRange-info": wavy("var(--accent)"),
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--control-line)",
    borderRadius: "6px",
    maxWidth: "min(28rem, calc(100vw - 2rem))",
    overflow: "hidden",
    font: "0.875rem / 1.45 var(--sans)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "14rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.2rem 0.5rem", overflowWrap: "anywhere" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--on-accent)",
    backgroundColor: "var(--accent)",
  },
  ".cm-completionDetail": { fontStyle: "normal", fontFamily: "var(--sans)", opacity: "0.85" },
  ".cm-tooltip.cm-completionInfo": { padding: "0.4rem 0.6rem", whiteSpace: "normal" },
  ".cm-diagnostic": { padding: "0.4rem 0.6rem", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "4px solid var(--warn)" },
  ".cm-diagnostic-info": { borderLeft: "4px solid var(--accent)" },
  ".cm-diagnosticAction": {
    font: "inherit",
    fontWeight: "550",
    color: "var(--on-accent)",
    backgroundColor: "var(--accent)",
    padding: "0.15rem 0.6rem",
    margin: "0.3rem 0.4rem 0 0",
    borderRadius: "6px",
  },
});
