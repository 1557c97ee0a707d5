/** A token of the workload, its claims, or a job's log: read here, shown without its signature, and kept nowhere. */

import { findClaim, scalarAsString } from "../../../policies/claims.ts";
import { pinnableClaims } from "../../../policies/cli/draft.ts";
import { readEvidence } from "../../../policies/cli/evidence.ts";
import { Field } from "../parts/field.tsx";
import { looksLikeToken, type Pasted } from "./form.ts";
import type { FormWorkload } from "./reading.ts";

export interface TokenFieldProps {
  readonly pasted: Pasted;
  readonly setPasted: (pasted: Pasted) => void;
  readonly workload: FormWorkload | undefined;
  readonly problem: string | undefined;
}

export function TokenField({ pasted, setPasted, workload, problem }: TokenFieldProps) {
  const take = (text: string) => {
    const claims = claimsInToken(text);
    const shown = claims === undefined ? text : JSON.stringify(claims, undefined, 2);
    setPasted({ ...pasted, pasted: shown, also: [], isTokenRead: claims !== undefined });
  };
  return (
    <>
      <Field
        label="Token, claims, or a job's log"
        hint="It is read in this page, is sent nowhere, and is in no link."
        problem={problem}
      >
        <textarea spellcheck={false} value={pasted.pasted} onInput={({ currentTarget }) => take(currentTarget.value)} />
      </Field>
      {pasted.isTokenRead && (
        <p class="hint">These are the token's claims. Its signature was not checked, and is not shown.</p>
      )}
      {workload !== undefined && <AlsoPinned pasted={pasted} setPasted={setPasted} workload={workload} />}
    </>
  );
}

/** Undefined for what holds no token. */
function claimsInToken(text: string) {
  if (!looksLikeToken(text)) return undefined;
  const found = readEvidence(text, "");
  return found.ok ? found.claims : undefined;
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
