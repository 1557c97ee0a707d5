/** The verdict's trace: each clause with what was wanted and found, marked where they first differ. */
import type { ClauseView, MarkedText } from "./clause-view.ts";

export function Trace({ clauses }: { readonly clauses: readonly ClauseView[] }) {
  return (
    <ol class="trace">
      {clauses.map((clause) => (
        <Clause key={clause.name} clause={clause} />
      ))}
    </ol>
  );
}

function Clause({ clause }: { readonly clause: ClauseView }) {
  const { name, passed, reason, manner, wanted, found, difference, hint, at } = clause;
  const isSame = passed && (manner === "exactly" || manner === "well formed" || found.length === 1);
  return (
    <li class={passed ? "clause" : "clause failed"}>
      <p class="clause-head">
        <span class={passed ? "text-good" : "text-bad"}>
          <b>{name}</b> {passed ? agreementOf(manner) : reason}
        </span>
        {at !== undefined && <span class="muted"> line {at.line}</span>}
        {isSame && found.map((text) => <Marked key={text.alike} text={text} />)}
      </p>
      {!isSame && (
        <dl class="compared">
          <Side title={`Policy, ${manner}`} texts={wanted} />
          <Side title="Token" texts={found} />
        </dl>
      )}
      {difference !== undefined && <p class="hint">{difference}</p>}
      {hint !== undefined && <p class="hint">{hint}</p>}
    </li>
  );
}

const agreementOf = (manner: string): string => (manner === "well formed" ? "is well formed" : "matches");

function Side({ title, texts }: { readonly title: string; readonly texts: readonly MarkedText[] }) {
  return (
    <div>
      <dt>{title}</dt>
      {texts.length === 0 && <dd class="muted">nothing that can be compared</dd>}
      {texts.map((text, i) => (
        <dd key={i}>
          <Marked text={text} />
        </dd>
      ))}
    </div>
  );
}

function Marked({ text: { alike, differing, rest, endsEarly } }: { readonly text: MarkedText }) {
  if (differing === "" && !endsEarly) return <code>{alike}</code>;
  return (
    <code>
      {alike}
      <mark class={endsEarly ? "differs ends" : "differs"}>{endsEarly ? "ends here" : differing}</mark>
      <span class="rest">{rest}</span>
    </code>
  );
}
