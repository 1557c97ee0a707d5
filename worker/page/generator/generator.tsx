/** "Write a policy": what a person says on one side, what is made of it on the other. Nothing of it leaves the browser but in links. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { announce } from "../parts/announce.ts";
import { Notice } from "../parts/notice.tsx";
import type { ViewProps } from "../view.ts";
import { type Form, formFromState, NOTHING_PASTED, type Pasted, stateFromForm } from "./form.ts";
import { outcomeOf } from "./outputs.ts";
import type { PartProps } from "./part.ts";
import { PermissionsPart } from "./permissions-part.tsx";
import { PlacePart } from "./place-part.tsx";
import { ResultPart } from "./result-part.tsx";
import { TargetPart } from "./target-part.tsx";
import { WorkloadPart } from "./workload-part.tsx";

export default function Generator({ deployment, state, setState }: ViewProps) {
  const { form, change, isGiven } = useForm(state, setState);
  const [pasted, setPasted] = useState<Pasted>(NOTHING_PASTED);
  const outcome = useMemo(() => outcomeOf(form, pasted, deployment), [form, pasted, deployment]);
  const isReady = outcome.outputs !== undefined;
  const wasReady = useRef(isReady);
  useEffect(() => {
    if (isReady !== wasReady.current) announce(isReady ? "The policy is written" : "The policy needs more");
    wasReady.current = isReady;
  }, [isReady]);
  const mistakes = outcome.problems.filter(({ isMissing }) => !isMissing);
  const part: PartProps = {
    form,
    change,
    problems: new Map(mistakes.map(({ control, message }) => [control, message])),
  };
  return (
    <>
      <h1>Write a policy</h1>
      <p class="lead">
        Say what asks for the token and what the token has to do. You get the policy, a test for it, and how your
        workload uses it.
      </p>
      {isGiven && (
        <Notice kind="warn" title="This form came filled in with its address">
          <p>Whoever made the link chose what stands in it: read all of it before you commit or run anything.</p>
        </Notice>
      )}
      <div class="columns generator">
        <form autocomplete="off" onSubmit={(event) => event.preventDefault()}>
          <TargetPart {...part} workload={outcome.workload} />
          <WorkloadPart
            {...part}
            pasted={pasted}
            setPasted={setPasted}
            workload={outcome.workload}
            facts={deployment}
          />
          <PermissionsPart {...part} />
          <PlacePart {...part} isWorkflow={outcome.outputs?.workflow !== undefined} />
        </form>
        <ResultPart {...outcome} deployment={deployment} />
      </div>
    </>
  );
}

/** Browsers count how often a page writes its address. */
const PAUSE_MS = 300;

/** The form, which the address follows; and which follows the address where somebody opens another link. */
function useForm(state: URLSearchParams, setState: ViewProps["setState"]) {
  const [form, setForm] = useState(() => formFromState(state));
  const [isGiven, setIsGiven] = useState(state.size > 0);
  const written = useRef(state.toString());
  // A form that came with the address is not written back, not even by a timer that is late.
  const isOwn = useRef(false);
  useEffect(() => {
    if (state.toString() === written.current) return;
    written.current = state.toString();
    isOwn.current = false;
    setIsGiven(state.size > 0);
    setForm(formFromState(state));
  }, [state]);
  useEffect(() => {
    if (!isOwn.current) return;
    const timer = setTimeout(() => {
      if (!isOwn.current) return;
      const next = stateFromForm(form);
      written.current = next.toString();
      setState(next);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [form, setState]);
  const change = (over: Partial<Form>) => {
    isOwn.current = true;
    setForm((before) => ({ ...before, ...over }));
  };
  return { form, change, isGiven };
}
