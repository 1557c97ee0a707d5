/** A token of the workload, its claims, or a job's log: read here, shown without its signature, and kept nowhere. */

import type { TargetedInputEvent } from "preact";
import { useState } from "preact/hooks";
import { findClaim, scalarAsString } from "../../../policies/claims.ts";
import { pinnableClaims } from "../../../policies/cli/draft.ts";
import { Field } from "../parts/field.tsx";
import { holdsToken, takeEvidence } from "../playground/intake.ts";
import type { Pasted } from "./form.ts";
import type { FormWorkload } from "./reading.ts";

export interface TokenFieldProps {
  readonly pasted: Pasted;
  readonly setPasted: (pasted: Pasted) => void;
  readonly workload: FormWorkload | undefined;
  readonly problem: string | undefined;
}

export function TokenField({ pasted, setPasted, workload, problem }: TokenFieldProps) {
  const [note, setNote] = useState("");
  const onInput = (event: TargetedInputEvent<HTMLTextAreaElement>) => {
    const { currentTarget: area, inputType } = event;
    // What somebody types is not taken before it is whole; a token never stays.
    const isWhole = inputType === "insertFromPaste" || holdsToken(area.value);
    const taken = isWhole ? takeEvidence(area.value) : undefined;
    const text = taken === undefined ? area.value : (taken.text ?? pasted.pasted);
    area.value = text;
    setNote(taken?.note ?? "");
    setPasted({ ...pasted, pasted: text, also: [] });
  };
  return (
    <>
      <Field
        label="Token, claims, or a job's log"
        hint="It is read in this page, is sent nowhere, and is in no link."
        problem={problem}
      >
        <textarea spellcheck={false} value={pasted.pasted} onInput={onInput} />
      </Field>
      {note !== "" && <p class="hint">{note}</p>}
      {workload !== undefined && <AlsoPinned pasted={pasted} setPasted={setPasted} workload={workload} />}
    </>
  );
}

interface AlsoPinnedProps {
  readonly pasted: Pasted;
  readonly setPasted: (pasted: Pasted) => void;
  readonly workload: FormWorkload;
}

function AlsoPinned({ pasted, setPasted, workload }: AlsoPinnedProps) {
  const names = pinnableClaims(workload);
  if (names.length === 0) return null;
  const toggle = (name: string) => {
    const also = pasted.also.includes(name) ? pasted.also.filter((one) => one !== name) : [...pasted.also, name];
    setPasted({ ...pasted, also });
  };
  return (
    <details>
      <summary>Want further claims as this token has them</summary>
      <ul class="claims">
        {names.map((name) => (
          <li key={name}>
            <label>
              <input type="checkbox" checked={pasted.also.includes(name)} onChange={() => toggle(name)} />
              <span>
                <code>{name}</code> {scalarAsString(findClaim(workload.claims, name)?.value)}
              </span>
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}
