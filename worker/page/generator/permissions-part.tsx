/** What the token may do: GitHub's list, searched by name and by what GitHub says of each. */
import { useRef, useState } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import type { PartProps } from "./part.ts";
import { GRANTABLE, type Grantable, matching } from "./permissions.ts";

export function PermissionsPart({ form, change }: PartProps) {
  const set = (name: string, level: string) => {
    const { [name]: _, ...others } = form.permissions;
    change({ permissions: level === "" ? others : { ...others, [name]: level } });
  };
  const search = useRef<HTMLDivElement>(null);
  // Where the row was nothing is left that could have the focus.
  const remove = (name: string) => {
    set(name, "");
    search.current?.querySelector("input")?.focus();
  };
  const granted = GRANTABLE.filter(({ name }) => form.permissions[name] !== undefined);
  return (
    <fieldset>
      <legend>What it may do</legend>
      <ul class="granted" aria-label="Granted">
        {granted.map(({ name }) => (
          <li key={name}>
            <code>
              {name}: {form.permissions[name]}
            </code>
            <button type="button" class="small" aria-label={`Remove ${name}`} onClick={() => remove(name)}>
              Remove
            </button>
          </li>
        ))}
      </ul>
      {granted.length === 0 && <p class="text-bad">Choose at least one permission.</p>}
      <div ref={search}>
        <Search levels={form.permissions} onChange={set} />
      </div>
      <p class="hint">
        <code>metadata: read</code> comes with every token.
      </p>
    </fieldset>
  );
}

interface SearchProps {
  readonly levels: Readonly<Record<string, string>>;
  readonly onChange: (name: string, level: string) => void;
}

function Search({ levels, onChange }: SearchProps) {
  const [words, setWords] = useState("");
  const found = matching(words);
  return (
    <>
      <Field label="Search GitHub's permissions" hint="By name, or by what it is for: releases, webhook, dependabot">
        <input type="search" value={words} onInput={({ currentTarget }) => setWords(currentTarget.value)} />
      </Field>
      <div class="scrolled">
        <ul class="permissions" aria-label="Permissions">
          {found.map((permission) => (
            <Row
              key={permission.name}
              permission={permission}
              level={levels[permission.name] ?? ""}
              onChange={(level) => onChange(permission.name, level)}
            />
          ))}
        </ul>
        {found.length === 0 && <p class="hint">No permission has these words.</p>}
      </div>
    </>
  );
}

interface RowProps {
  readonly permission: Grantable;
  readonly level: string;
  readonly onChange: (level: string) => void;
}

function Row({ permission: { name, levels, about, marks }, level, onChange }: RowProps) {
  return (
    <li>
      <div>
        <code>{name}</code>
        {marks.map((mark) => (
          <span key={mark} class="badge">
            {mark}
          </span>
        ))}
        <p class="hint">{about}</p>
      </div>
      <select
        aria-label={`Level of ${name}`}
        value={level}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        <option value="">none</option>
        {levels.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </li>
  );
}
