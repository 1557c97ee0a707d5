/** What every part of the form is made of. */
import type { Form } from "./form.ts";

export interface PartProps {
  readonly form: Form;
  /** By the control's name; of mistakes only. */
  readonly problems: ReadonlyMap<string, string>;
  readonly change: (over: Partial<Form>) => void;
}
