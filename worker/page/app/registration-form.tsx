/** The form that leads to GitHub with the manifest of the App. Its fields have no names: GitHub is sent the manifest alone. */
import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import { OWNER_NAME } from "../../../policies/names.ts";
import { Field } from "../parts/field.tsx";
import {
  APP_NAME_MAX_CHARACTERS,
  allPermissions,
  manifestAction,
  manifestOf,
  type Permissions,
  suggestedName,
} from "./manifest.ts";
import { PermissionChoice } from "./permission-choice.tsx";

export interface RegistrationFormProps {
  readonly domain: string;
  /** Of the configured GitHub; no final slash. */
  readonly webUrl: string;
  readonly state: string;
}

export function RegistrationForm({ domain, webUrl, state }: RegistrationFormProps) {
  const [isOrganization, setIsOrganization] = useState(true);
  const [login, setLogin] = useState("");
  const [ownName, setOwnName] = useState<string>();
  const [permissions, setPermissions] = useState<Permissions>(new Map());
  const [isSent, setIsSent] = useState(false);

  const organization = isOrganization ? login.trim() : undefined;
  const name = ownName ?? suggestedName(domain, organization || undefined);
  const loginProblem = organization === undefined || OWNER_NAME.test(organization) ? undefined : LOGIN_PROBLEM;
  const nameProblem = isName(name) ? undefined : NAME_PROBLEM;
  const redirectUrl = `${location.origin}/app/registered`;
  const manifest = JSON.stringify(manifestOf({ name: name.trim(), domain, redirectUrl, permissions }));

  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    setIsSent(true);
    if (loginProblem === undefined && nameProblem === undefined) return;
    event.preventDefault();
    event.currentTarget
      .querySelector<HTMLElement>(loginProblem === undefined ? ".app-name input" : ".app-owner input")
      ?.focus();
  };

  return (
    <form class="prose" method="post" action={manifestAction(webUrl, organization, state)} onSubmit={submit} noValidate>
      <Owner
        login={isOrganization ? login : undefined}
        problem={isSent ? loginProblem : undefined}
        onKind={setIsOrganization}
        onLogin={setLogin}
      />
      <div class="app-name">
        <Field
          label="Name of the App"
          hint={`Nobody else's App at GitHub may have it; at most ${APP_NAME_MAX_CHARACTERS} characters. GitHub lets you change it.`}
          problem={isSent ? nameProblem : undefined}
        >
          <input value={name} onInput={(event) => setOwnName(event.currentTarget.value)} autoComplete="off" />
        </Field>
      </div>
      <PermissionChoice chosen={permissions} onChange={setPermissions} />
      <Asked permissions={permissions} />
      <input type="hidden" name="manifest" value={manifest} />
      <p>
        <button type="submit" class="primary">
          Register the App at GitHub
        </button>
      </p>
      <p class="hint">
        This goes to GitHub alone, which shows it to you once more, and makes the App when you confirm. Then it leads
        back here, where you get the App's secrets and the commands that store them.
      </p>
    </form>
  );
}

interface OwnerProps {
  /** Undefined: the visitor's own account. */
  readonly login: string | undefined;
  readonly problem: string | undefined;
  readonly onKind: (isOrganization: boolean) => void;
  readonly onLogin: (login: string) => void;
}

function Owner({ login, problem, onKind, onLogin }: OwnerProps) {
  return (
    <>
      <Field label="Whose App it is">
        <select onChange={(event) => onKind(event.currentTarget.value === "organization")}>
          <option value="organization">An organization's</option>
          <option value="user">My own account's</option>
        </select>
      </Field>
      {login !== undefined && (
        <div class="app-owner">
          <Field
            label="Organization"
            hint="Its name in addresses at GitHub. You have to be one of its owners."
            problem={problem}
          >
            <input
              value={login}
              onInput={(event) => onLogin(event.currentTarget.value)}
              autoComplete="off"
              autoCapitalize="none"
              spellcheck={false}
            />
          </Field>
        </div>
      )}
    </>
  );
}

const LOGIN_PROBLEM = "Write the organization's name as it stands in its address, without the address itself.";
const NAME_PROBLEM = `Give it a name of at most ${APP_NAME_MAX_CHARACTERS} characters.`;

const isName = (name: string): boolean => name.trim() !== "" && name.trim().length <= APP_NAME_MAX_CHARACTERS;

/** Told before GitHub tells it. */
function Asked({ permissions }: { readonly permissions: Permissions }) {
  const all = allPermissions(permissions).map(([name, level]) => `${name}: ${level}`);
  return (
    <p class="hint" aria-live="polite">
      The App asks for <code>{all.join(", ")}</code>.
    </p>
  );
}
