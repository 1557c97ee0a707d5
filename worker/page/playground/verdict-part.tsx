/** What the policy says to the token: the verdict, its trace, and what would make it match. */

import type { Mended } from "../../../policies/cli/explain.ts";
import { yamlOf } from "../../../policies/cli/explanation.ts";
import { Code } from "../parts/code.tsx";
import { Notice } from "../parts/notice.tsx";
import { RichText } from "../parts/rich-text.tsx";
import type { Advice, Judgement, ShownVerdict } from "./outcome.ts";
import { Trace } from "./trace.tsx";

export interface VerdictPartProps {
  readonly judgement: Judgement;
  readonly onMend: (text: string, label: string) => void;
}

export function VerdictPart({ judgement: { outcome, notes }, onMend }: VerdictPartProps) {
  const [kind, headline] =
    outcome.kind === "none"
      ? ([outcome.isWrong ? "warn" : "info", outcome.told] as const)
      : ([outcome.allow ? "good" : "bad", outcome.headline] as const);
  return (
    <section aria-labelledby="verdict">
      <h2 id="verdict">Verdict</h2>
      <div role="status">
        <Notice kind={kind} title={headline}>
          {notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </Notice>
      </div>
      {outcome.kind === "verdict" && <Shown verdict={outcome} onMend={onMend} />}
    </section>
  );
}

function Shown({ verdict, onMend }: { readonly verdict: ShownVerdict; readonly onMend: VerdictPartProps["onMend"] }) {
  const { clauses, grant, advice, mended } = verdict;
  return (
    <>
      {grant !== undefined && (
        <dl class="facts">
          <dt>Grants</dt>
          <dd>{grant.permissions.join(", ")}</dd>
          <dt>On</dt>
          <dd>{grant.repositories}</dd>
          {grant.app !== undefined && <dt>By</dt>}
          {grant.app !== undefined && <dd>{grant.app}</dd>}
        </dl>
      )}
      <Trace clauses={clauses} />
      {advice.length > 0 && <h3>What would make it match</h3>}
      {advice.map((one) => (
        <AdvicePart key={one.clause} advice={one} />
      ))}
      {mended !== undefined && <MendedPart mended={mended} onMend={onMend} />}
    </>
  );
}

function AdvicePart({ advice: { clause, advice, set } }: { readonly advice: Advice }) {
  return (
    <div class="prose">
      <p>
        <b>{clause}</b>: <RichText text={advice} />
      </p>
      {set.length > 0 && <Code text={linesOf(set)} what={`the lines for ${clause}`} />}
    </div>
  );
}

/** As they stand in a file. */
const linesOf = (set: Advice["set"]): string =>
  yamlOf(set)
    .map((line) => line.slice(2))
    .join("\n");

interface MendedPartProps {
  readonly mended: Mended;
  readonly onMend: VerdictPartProps["onMend"];
}

function MendedPart({ mended: { text, allow }, onMend }: MendedPartProps) {
  return (
    <>
      <p class="row">
        <button type="button" class="primary" onClick={() => onMend(text, "Rewrite the policy")}>
          Rewrite the policy
        </button>
        {!allow && "What only the workload can change stays: it would still be refused."}
      </p>
      <details>
        <summary>The policy, rewritten</summary>
        <Code text={text} what="the policy, rewritten" />
      </details>
    </>
  );
}
