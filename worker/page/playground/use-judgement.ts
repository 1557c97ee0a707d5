/** The judgement on what is typed, a moment after the last key: judging may take longer than a key is held. */
import { useEffect, useState } from "preact/hooks";
import type { KnownFacts } from "./assumptions.ts";
import type { Input } from "./input.ts";
import type { Judgement } from "./outcome.ts";
import { judge } from "./verdict.ts";

const QUIET_MS = 200;
/** For the browser's own timeline. */
const MEASURE = "verdict";

export function useJudgement(input: Input, deployment: KnownFacts): Judgement {
  const judged = (): Judgement => {
    const start = performance.now();
    const judgement = judge(input, deployment, Math.floor(Date.now() / 1000));
    performance.measure(MEASURE, { start });
    return judgement;
  };
  const [judgement, setJudgement] = useState(judged);
  useEffect(() => {
    const timer = setTimeout(() => setJudgement(judged()), QUIET_MS);
    return () => clearTimeout(timer);
  }, [input, deployment]);
  return judgement;
}
