/** Where the file lies, and whose deployment judges it: the rules depend on both. */
import { Field } from "../parts/field.tsx";
import { type FileRoleName, type Input, readFileScope } from "./input.ts";

export interface SettingsProps {
  readonly input: Input;
  readonly onChange: (change: Partial<Input>) => void;
}

const FILES: Readonly<Record<FileRoleName, string>> = {
  repository: "a repository's policy",
  organization: "an organization's policy",
  issuers: "the list of trusted issuers",
};

export function Settings({ input: { file, scope, domain }, onChange }: SettingsProps) {
  return (
    <div class="settings">
      <Field label="The file is">
        <select
          value={file}
          onChange={({ currentTarget }) => {
            const [chosen] = ROLES.filter((role) => role === currentTarget.value);
            if (chosen !== undefined) onChange({ file: chosen });
          }}
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {FILES[role]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={file === "repository" ? "Repository" : "Organization"} problem={readFileScope(scope, file).problem}>
        <input
          value={scope}
          placeholder={file === "repository" ? "owner/repository" : "owner"}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => onChange({ scope: currentTarget.value })}
        />
      </Field>
      <Field label="Audience by default">
        <input
          value={domain}
          placeholder="sts.example.com"
          autocomplete="off"
          spellcheck={false}
          inputMode="url"
          onInput={({ currentTarget }) => onChange({ domain: currentTarget.value.trim() })}
        />
      </Field>
    </div>
  );
}

const ROLES: readonly FileRoleName[] = ["repository", "organization", "issuers"];
