/** One line of the form. What is wrong with it is told once somebody has left it: half a number is no mistake. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../parts/field.tsx";

export interface TextFieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly value: string;
  /** What is taken where nothing is written. */
  readonly fallback?: string | undefined;
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
}

export function TextField({ label, hint, value, fallback, problem, onChange }: TextFieldProps) {
  const [isInside, setInside] = useState(false);
  return (
    <Field label={label} hint={hint} problem={isInside ? undefined : problem}>
      <input
        type="text"
        spellcheck={false}
        autocapitalize="off"
        value={value}
        placeholder={fallback}
        onFocus={() => setInside(true)}
        onBlur={() => setInside(false)}
        onInput={({ currentTarget }) => onChange(currentTarget.value.trim())}
      />
    </Field>
  );
}
