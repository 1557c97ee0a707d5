/** What policies will grant: an App can hand on no more than it was given. What the service needs for itself is no choice. */
import { useId } from "preact/hooks";
import type { Permissions } from "./manifest.ts";
import { OFFERED_PERMISSIONS, type OfferedPermission } from "./offered.ts";

export interface PermissionChoiceProps {
  readonly chosen: Permissions;
  readonly onChange: (chosen: Permissions) => void;
}

/** What most policies grant. */
const USUAL = ["contents", "pull_requests", "issues", "actions", "packages", "deployments", "statuses", "workflows"];
const usual = OFFERED_PERMISSIONS.filter(({ name }) => USUAL.includes(name));
const others = OFFERED_PERMISSIONS.filter(
  ({ name, isOrganizationWide }) => !USUAL.includes(name) && !isOrganizationWide,
);
const ofOrganizations = OFFERED_PERMISSIONS.filter(({ isOrganizationWide }) => isOrganizationWide);

export function PermissionChoice(props: PermissionChoiceProps) {
  return (
    <fieldset>
      <legend>What policies will grant</legend>
      <p class="hint">
        The App hands on no more than it was given. You can give it more later, on its page at GitHub; its owner then
        has to accept that.
      </p>
      <Choices choices={usual} {...props} />
      <More title="Other permissions of repositories" choices={others} {...props} />
      <More title="Permissions of the organization" choices={ofOrganizations} {...props} />
    </fieldset>
  );
}

interface ChoicesProps extends PermissionChoiceProps {
  readonly choices: readonly OfferedPermission[];
}

function More({ title, ...props }: ChoicesProps & { readonly title: string }) {
  const count = props.choices.filter(({ name }) => props.chosen.has(name)).length;
  return (
    <details>
      <summary>
        {title}
        {count > 0 && ` (${count})`}
      </summary>
      <Choices {...props} />
    </details>
  );
}

function Choices({ choices, chosen, onChange }: ChoicesProps) {
  const set = (name: string, level: string | undefined) => {
    const next = new Map(chosen);
    if (level === undefined) next.delete(name);
    else next.set(name, level);
    onChange(next);
  };
  return (
    <ul class="app-permissions">
      {choices.map((choice) => (
        <OneChoice
          key={choice.name}
          choice={choice}
          level={chosen.get(choice.name)}
          onChange={(level) => set(choice.name, level)}
        />
      ))}
    </ul>
  );
}

interface OneChoiceProps {
  readonly choice: OfferedPermission;
  /** Undefined: not chosen. */
  readonly level: string | undefined;
  readonly onChange: (level: string | undefined) => void;
}

function OneChoice({ choice: { name, levels }, level, onChange }: OneChoiceProps) {
  const id = useId();
  return (
    <li class="app-permission">
      <input
        type="checkbox"
        id={id}
        checked={level !== undefined}
        onChange={(event) => onChange(event.currentTarget.checked ? levels[0] : undefined)}
      />
      <label for={id}>{name}</label>
      {levels.length === 1 ? (
        <span class="hint">{levels[0]}</span>
      ) : (
        <select
          aria-label={`Level of ${name}`}
          value={level ?? levels[0]}
          disabled={level === undefined}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {levels.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
    </li>
  );
}
