/** Policy and token side by side, the verdict live beneath. All of it happens here: the page can ask nobody for anything. */
import { useCallback, useMemo, useState } from "preact/hooks";
import { readEvidence } from "../../../policies/cli/evidence.ts";
import { type KnownNames, offersAt } from "../editor/completion.ts";
import { Editor } from "../editor/editor.tsx";
import { announce } from "../parts/announce.ts";
import type { ViewProps } from "../view.ts";
import { assumptions } from "./assumptions.ts";
import { EXAMPLE } from "./example.ts";
import { FindingsList } from "./findings-list.tsx";
import { type Input, MAX_EVIDENCE_CHARACTERS, MAX_POLICY_CHARACTERS } from "./input.ts";
import { type Taken, takeEvidence, takeTyped } from "./intake.ts";
import { Settings } from "./settings.tsx";
import { useJudgement } from "./use-judgement.ts";
import { useLink } from "./use-link.ts";
import { VerdictPart } from "./verdict-part.tsx";

const HELP = "Tab leaves the editor. Control and space complete; F8 goes to the next mark.";

export default function Playground({ deployment, state, setState }: ViewProps) {
  const [input, setInput] = useState<Input>(() => ({
    ...{ policy: "", evidence: "", file: "repository", scope: "" },
    domain: deployment.domain ?? "",
  }));
  const [note, setNote] = useState("");
  const change = useCallback((part: Partial<Input>) => setInput((before) => ({ ...before, ...part })), []);
  const share = useLink({ state, setState, change });
  const judgement = useJudgement(input, deployment);
  const onMend = (policy: string, label: string) => {
    change({ policy });
    announce(`Done: ${label}`);
  };
  const showExample = () => change({ ...EXAMPLE, evidence: EXAMPLE.evidence.replace("{domain}", input.domain) });
  return (
    <div class="playground">
      <h1>Try a policy</h1>
      <p class="lead">
        Put a trust policy to a token, and see clause by clause what it says. Nothing leaves this page.
      </p>
      <Settings input={input} onChange={change} />
      <Editors {...{ input, judgement, deployment, change, setNote, onMend }} />
      <p class="row">
        <button type="button" onClick={() => share(input).then(setNote)}>
          Copy a link to this
        </button>
        <button type="button" onClick={showExample}>
          Show an example
        </button>
        <span role="status">{note}</span>
      </p>
      <VerdictPart judgement={judgement} onMend={onMend} />
      <Assumptions deployment={deployment} input={input} />
    </div>
  );
}

function Assumptions({ deployment, input }: Pick<EditorsProps, "deployment" | "input">) {
  return (
    <details>
      <summary>What is taken for given</summary>
      <ul>
        {assumptions(deployment, input).map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </details>
  );
}

interface EditorsProps extends Pick<ViewProps, "deployment"> {
  readonly input: Input;
  readonly judgement: ReturnType<typeof useJudgement>;
  readonly change: (part: Partial<Input>) => void;
  readonly setNote: (note: string) => void;
  readonly onMend: (text: string, label: string) => void;
}

function Editors({ input, judgement, deployment, change, setNote, onMend }: EditorsProps) {
  const known = useMemo(() => knownOf(input, deployment), [input.evidence, input.file, input.domain, deployment]);
  const told = (taken: Taken | undefined) => {
    if (taken !== undefined) setNote(taken.note);
    return taken && (taken.text ?? input.evidence);
  };
  return (
    <div class="columns">
      <section aria-label="Policy">
        <h2>Policy</h2>
        <Editor
          label="Policy, YAML"
          help={HELP}
          value={input.policy}
          onChange={(policy) => change({ policy })}
          placeholder="issuer: https://..."
          maxCharacters={MAX_POLICY_CHARACTERS}
          onTooLong={() => setNote(`Not taken: a policy has at most ${MAX_POLICY_CHARACTERS} characters.`)}
          marks={judgement.findings}
          offersAt={(text, at) => offersAt(text, at, known)}
        />
        <FindingsList findings={judgement.findings} onMend={onMend} />
      </section>
      <section aria-label="Token">
        <h2>Token</h2>
        <Editor
          label="Token: claims as JSON"
          help={HELP}
          value={input.evidence}
          onChange={(evidence) => change({ evidence: told(takeTyped(evidence)) ?? evidence })}
          placeholder="Paste a token, its claims, a job's log or a refusal"
          maxCharacters={MAX_EVIDENCE_CHARACTERS}
          onTooLong={() => setNote(`Not taken: more than ${MAX_EVIDENCE_CHARACTERS} characters.`)}
          take={(pasted) => told(takeEvidence(pasted))}
        />
        <p class="hint">A token is decoded at once, and its signature dropped: it is not checked. {HELP}</p>
      </section>
    </div>
  );
}

function knownOf({ evidence, file, domain }: Input, { apps }: ViewProps["deployment"]): KnownNames {
  const read = evidence.trim() === "" ? undefined : readEvidence(evidence, "");
  const claims = read?.ok ? read.claims : undefined;
  return { file, claims, domain, apps: apps.map(({ id, name }) => name ?? id) };
}
