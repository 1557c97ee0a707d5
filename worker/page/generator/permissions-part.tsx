/** What the token may do: GitHub's list, searched by name and by what GitHub says of each. */
import { useState } from "preact/hooks";
import { Field } from "../parts/field.tsx";
import type { PartProps } from "./part.ts";
import { GRANTABLE, type Grantable, matching } from "./permissions.ts";

export function PermissionsPart({ form, change }: PartProps) {
  const [words, setWords] = useState("");
  const found = matching(words);
  const set = (name: string, level: string) => {
    const { [name]: _, ...others } = form.permissions;
    change({ permissions: level === "" ? others : { ...others, [name]: level } });
  };
  const row = (permission: Grantable) => (
    <Row
      key={permission.name}
      permission={permission}
      level={form.permissions[permission.name] ?? ""}
      onChange={(level) => set(permission.name, level)}
    />
  );
  const chosen = GRANTABLE.filter(({ name }) => form.permissions[name] !== undefined);
  const others = found.filter(({ name }) => form.permissions[name] === undefined);
  return (
    <fieldset>
      <legend>What it may do</legend>
      <ul class="permissions" aria-label="Granted">
        {chosen.map(row)}
      </ul>
      {chosen.length === 0 && <p class="text-bad">Choose at least one permission.</p>}
      <Field label="Search GitHub's permissions" hint="By name, or by what it is for: releases, webhook, dependabot">
        <input type="search" value={words} onInput={({ currentTarget }) => setWords(currentTarget.value)} />
      </Field>
      <div class="scrolled">
        <ul class="permissions" aria-label="Further permissions">
          {others.map(row)}
        </ul>
        {others.length === 0 && <p class="hint">No further permission has these words.</p>}
      </div>
      <p class="hint">
        <code>metadata: read</code> comes with every token.
      </p>
    </fieldset>
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
