/** A form field with its label, a hint, and what is wrong with it. */
import { type ComponentChildren, cloneElement, type VNode } from "preact";
import { useId } from "preact/hooks";

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** Undefined while the value is right. */
  readonly problem?: string | undefined;
  /** One `input`, `select` or `textarea`. */
  readonly children: VNode<Readonly<Record<string, unknown>>>;
}

export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const told = [hint !== undefined && `${id}-hint`, problem !== undefined && `${id}-problem`].filter(Boolean);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {cloneElement(children, {
        id,
        ...(told.length > 0 && { "aria-describedby": told.join(" ") }),
        ...(problem !== undefined && { "aria-invalid": "true" }),
      })}
      {problem !== undefined && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}
