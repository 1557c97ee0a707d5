/** Which variables are wrong, and how each is set. No value is known here: it could be a secret under a wrong name. */
import type { ComponentChildren } from "preact";
import type { Deployment } from "../deployment.ts";
import { Code } from "../parts/code.tsx";
import { Notice } from "../parts/notice.tsx";
import { type SettingKind, VARIABLES } from "./variables.ts";

export interface MisconfiguredProps {
  readonly deployment: Deployment;
}

export function Misconfigured({ deployment: { wrong } }: MisconfiguredProps) {
  const known = wrong.filter((name) => Object.hasOwn(VARIABLES, name));
  const settings = new Set(known.map((name) => VARIABLES[name]?.setting));
  return (
    <section aria-labelledby="misconfigured">
      <Notice kind="bad">
        <h2 class="notice-title" id="misconfigured">
          This deployment is not configured yet
        </h2>
        <p>
          Every exchange is answered with 503 <code>misconfigured</code> until what follows is right. The tools on this
          page work meanwhile.
        </p>
      </Notice>
      <dl class="facts">
        {wrong.map((name) => (
          <WrongVariable name={name} key={name} />
        ))}
      </dl>
      <h3>For the operator: how it is set</h3>
      <p>
        <code>npm run setup</code> asks for all of it, checks each answer and deploys. Or by hand:
      </p>
      {HOW.filter(({ setting }) => settings.has(setting)).map(({ setting, text, command }) => (
        <div key={setting}>
          <p>{text}</p>
          <Code text={command(exampleOf(known, setting))} what={`how to set a ${setting}`} />
        </div>
      ))}
      <p>
        What exactly is wrong with each stands in the log, and is told by <code>/readyz</code> to whoever shows
        READY_TOKEN. On a server of your own, secrets and variables come from the environment.
      </p>
    </section>
  );
}

function WrongVariable({ name }: { readonly name: string }) {
  const variable = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  return (
    <>
      <dt>
        <code>{name}</code>
      </dt>
      <dd>
        {variable === undefined ? (
          "nothing is called so, but something nearly: correct the name, or remove it"
        ) : (
          <>
            has to be {variable.value} <span class="muted">({variable.setting})</span>
          </>
        )}
      </dd>
    </>
  );
}

const exampleOf = (names: readonly string[], setting: SettingKind): string =>
  names.find((name) => VARIABLES[name]?.setting === setting) ?? "";

interface How {
  readonly setting: SettingKind;
  readonly text: ComponentChildren;
  readonly command: (name: string) => string;
}

const HOW: readonly How[] = [
  {
    setting: "variable",
    text: (
      <>
        A variable stands in your own settings, <code>.octo-sts/production.toml</code>, which{" "}
        <code>npm run deploy</code> takes online.
      </>
    ),
    command: (name) => `[vars]\n${name} = "..."`,
  },
  {
    setting: "secret",
    text: "A secret is asked for, and shown nowhere again.",
    command: (name) => `npm run wrangler -- secret put ${name}`,
  },
  {
    setting: "binding",
    text: (
      <>
        A binding stands in <code>wrangler.toml</code>, or in your own settings.
      </>
    ),
    command: (name) => `[[kv_namespaces]]\nbinding = "${name}"`,
  },
];
