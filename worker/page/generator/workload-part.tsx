/** What asks for the token: a kind of workload and its fields, or a token of it. */

import type { WorkloadField, WorkloadKind } from "../../../policies/cli/kinds/kind.ts";
import { WORKLOAD_KINDS } from "../../../policies/cli/kinds/kinds.ts";
import { Field } from "../parts/field.tsx";
import { RichText } from "../parts/rich-text.tsx";
import { FIELD_PREFIX, type Form, FROM_TOKEN, type Pasted, withKind } from "./form.ts";
import type { PartProps } from "./part.ts";
import { defaultsOf, type Facts, type FormWorkload } from "./reading.ts";
import { TextField } from "./text-field.tsx";
import { TokenField } from "./token-field.tsx";

export interface WorkloadPartProps extends PartProps {
  readonly pasted: Pasted;
  readonly setPasted: (pasted: Pasted) => void;
  readonly workload: FormWorkload | undefined;
  readonly facts: Facts;
}

export function WorkloadPart({ pasted, setPasted, workload, facts, ...part }: WorkloadPartProps) {
  const { form, problems, change } = part;
  const chosen = WORKLOAD_KINDS.find(({ name }) => name === form.kind);
  const kind = chosen ?? workload?.kind;
  return (
    <fieldset>
      <legend>What asks for it</legend>
      <Field label="Workload">
        <select value={form.kind} onChange={({ currentTarget }) => change(withKind(form, currentTarget.value))}>
          <option value={FROM_TOKEN}>I have a token of it, or its claims</option>
          {WORKLOAD_KINDS.map(({ name, about }) => (
            <option key={name} value={name}>
              {capital(about)}
            </option>
          ))}
        </select>
      </Field>
      {chosen === undefined ? (
        <TokenField pasted={pasted} setPasted={setPasted} workload={workload} problem={problems.get("token")} />
      ) : (
        <KindFields {...part} kind={chosen} defaults={defaultsOf(chosen, form, facts)} />
      )}
      {kind?.ownKeys && (
        <Field
          label="Key set (optional)"
          hint="Only where nobody outside can ask the issuer for its keys. Of a cluster: kubectl get --raw /openid/v1/jwks"
        >
          <textarea
            class="short"
            spellcheck={false}
            value={pasted.jwks}
            onInput={({ currentTarget }) => setPasted({ ...pasted, jwks: currentTarget.value })}
          />
        </Field>
      )}
    </fieldset>
  );
}

interface KindFieldsProps extends PartProps {
  readonly kind: WorkloadKind;
  /** What stands in fields that are left empty. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** What most people have to say first; then what is right already for most. */
function KindFields(props: KindFieldsProps) {
  const { kind, defaults, form, problems } = props;
  const names = Object.keys(kind.fields);
  const isSpecial = (name: string) => {
    const { optional, fallback, choices } = kind.fields[name] ?? {};
    return optional === true || defaults[name] !== undefined || (fallback !== undefined && choices === undefined);
  };
  const special = names.filter(isSpecial);
  const isUsed = special.some((name) => form.fields[name] !== undefined || problems.has(`${FIELD_PREFIX}${name}`));
  return (
    <>
      <FieldsNamed {...props} names={names.filter((name) => !isSpecial(name))} />
      {special.length > 0 && (
        <details open={isUsed || undefined}>
          <summary>More: {special.map((name) => kind.fields[name]?.label.toLowerCase()).join(", ")}</summary>
          <FieldsNamed {...props} names={special} />
        </details>
      )}
    </>
  );
}

function FieldsNamed({
  names,
  kind,
  defaults,
  form,
  problems,
  change,
}: KindFieldsProps & { readonly names: readonly string[] }) {
  return (
    <div class="pair">
      {names.map((name) => {
        const field = kind.fields[name];
        if (field === undefined) return null;
        const { [name]: value = "", ...others } = form.fields;
        const set = (next: string) => change({ fields: next === "" ? others : { ...others, [name]: next } });
        const fallback = defaults[name] ?? field.fallback;
        const common = { value, problem: problems.get(`${FIELD_PREFIX}${name}`), onChange: set };
        return field.choices === undefined ? (
          <TextField
            key={name}
            label={field.optional ? `${field.label} (optional)` : field.label}
            hint={<RichText text={hintOf(field, fallback, { ...defaults, ...form.fields })} />}
            fallback={fallback}
            {...common}
          />
        ) : (
          <ChoiceField key={name} field={field} {...common} />
        );
      })}
    </div>
  );
}

interface ChoiceFieldProps {
  readonly field: WorkloadField;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
}

function ChoiceField({ field, value, problem, onChange }: ChoiceFieldProps) {
  const { label, about, choices = {}, fallback } = field;
  return (
    <div class="wide">
      <Field label={label} hint={<RichText text={capital(about)} />} problem={problem}>
        <select value={value || fallback || ""} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          {fallback === undefined && <option value="">Choose</option>}
          {Object.entries(choices).map(([name, choice]) => (
            <option key={name} value={name}>
              {capital(choice.about)}
            </option>
          ))}
        </select>
      </Field>
    </div>
  );
}

/** What it is, with an example where it has to be said; commands name the account and repository that were given. */
function hintOf({ about, example }: WorkloadField, fallback: string | undefined, given: Form["fields"]): string {
  const told = about
    .replace(/\bOWNER\b/, given.owner || "OWNER")
    .replace(/\bREPOSITORY\b/, given.repository || "REPOSITORY");
  return capital(about.includes(example) || fallback !== undefined ? told : `${told}, as \`${example}\``);
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
