/** A deployment without an App: registers one at GitHub, and shows what GitHub hands out of it. Nothing of either is kept here. */
import type { RegistrationFacts } from "../../http/facts.ts";
import { Notice } from "../parts/notice.tsx";
import type { ViewProps } from "../view.ts";
import { Registered } from "./registered.tsx";
import { RegistrationForm } from "./registration-form.tsx";

export default function AppView({ deployment }: ViewProps) {
  const { registration, domain = "", webUrl } = deployment;
  if (registration === undefined) return null;
  const { app, problem, state } = registration;
  if (app !== undefined) return <Registered app={app} />;
  return (
    <>
      <h1>{domain}</h1>
      <p class="lead">
        This deployment has no GitHub App yet. The App is whom GitHub makes tokens for; register it here, from the
        account whose repositories it is for.
      </p>
      {problem !== undefined && <Problem problem={problem} />}
      <RegistrationForm domain={domain} webUrl={webUrl} state={state} />
    </>
  );
}

interface ProblemText {
  readonly title: string;
  readonly text: string;
  /** Whether the same address may still bring the App. */
  readonly mayReload?: true;
}

const PROBLEMS: Readonly<Record<NonNullable<RegistrationFacts["problem"]>, ProblemText>> = {
  not_asked_for: {
    title: "This browser did not ask for that App",
    text: "Nothing was taken from GitHub. Register your App below; if somebody sent you a link that led here, do not trust it.",
  },
  unknown_code: {
    title: "GitHub does not know this code any more",
    text: "A code works once, and for an hour. If the App is there at GitHub, make a private key on its settings page and store that; or delete it there, and register it again below.",
  },
  limited: {
    title: "GitHub, or this deployment, takes no more tries for now",
    text: "The App is registered, and its code is good for an hour: try again in a minute or two.",
    mayReload: true,
  },
  failed: {
    title: "GitHub did not hand out the App's secrets",
    text: "Try again. If that does not help, the App is there at GitHub all the same: make a private key on its settings page and store that.",
    mayReload: true,
  },
};

function Problem({ problem }: { readonly problem: keyof typeof PROBLEMS }) {
  const { title, text, mayReload = false } = PROBLEMS[problem];
  return (
    <Notice kind="bad" title={title}>
      <p>{text}</p>
      {mayReload && (
        <p>
          <button type="button" onClick={() => location.reload()}>
            Try again
          </button>
        </p>
      )}
    </Notice>
  );
}
