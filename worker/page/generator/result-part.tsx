/** What was made of the form: texts to take away, and where each goes. */
import type { Diagnostic } from "../../../policies/diagnostics.ts";
import type { Deployment } from "../deployment.ts";
import { Code } from "../parts/code.tsx";
import { Notice } from "../parts/notice.tsx";
import { RichText } from "../parts/rich-text.tsx";
import { type FormOutcome, type NewFile, type Outputs, playgroundHref } from "./outputs.ts";
import { type FormProblem, NO_DOMAIN } from "./reading.ts";

export function ResultPart({ problems, outputs, deployment }: FormOutcome & { readonly deployment: Deployment }) {
  return (
    <section class="result" aria-label="What is written">
      {deployment.domain === undefined && (
        <Notice kind="warn" title="This deployment does not know its domain yet">
          <p>
            <code>{NO_DOMAIN}</code> stands for it here.
          </p>
        </Notice>
      )}
      {outputs === undefined ? (
        <Needed problems={problems} />
      ) : (
        <>
          <PolicyResult {...outputs} apps={deployment.apps} />
          {outputs.isUsable && <Rest {...outputs} />}
        </>
      )}
    </section>
  );
}

function Needed({ problems }: { readonly problems: readonly FormProblem[] }) {
  const missing = problems.filter(({ isMissing }) => isMissing);
  const wrong = problems.filter(({ isMissing }) => !isMissing);
  return (
    <>
      {missing.length > 0 && (
        <Notice kind="info" title="Still needed">
          <ul>
            {missing.map(({ control, label }) => (
              <li key={control}>{label}</li>
            ))}
          </ul>
        </Notice>
      )}
      {wrong.length > 0 && (
        <Notice kind="bad" title="Not right yet">
          <ul>
            {wrong.map(({ control, label, message }) => (
              <li key={control}>
                {label}: <RichText text={message} />
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  );
}

function PolicyResult(props: Outputs & { readonly apps: Deployment["apps"] }) {
  const { policy, diagnostics, isUsable, request, apps } = props;
  return (
    <>
      <h2>The policy</h2>
      <Findings diagnostics={diagnostics} />
      {isUsable && (
        <p>
          On the default branch of <code>{policy.repository}</code>, at <code>{policy.path}</code>. It is in force
          within minutes, if the deployment's App is installed on {request.scope.owner}
          <InstallLinks apps={apps} />.
        </p>
      )}
      <Code text={policy.text} what="the policy" />
      {isUsable && (
        <div class="row">
          <CreateLink file={policy} what="the policy" isMain />
          <a class="button" href={playgroundHref(request, policy.text)}>
            Try it on a token
          </a>
        </div>
      )}
    </>
  );
}

function InstallLinks({ apps }: Pick<Deployment, "apps">) {
  return (
    <>
      {apps.map(
        ({ id, name, installUrl }) =>
          installUrl !== undefined && (
            <span key={id}>
              {" "}
              (
              <a href={installUrl} target="_blank" rel="noreferrer">
                install {name ?? "it"}
              </a>
              )
            </span>
          ),
      )}
    </>
  );
}

function Rest({ usage, workflow, test }: Outputs) {
  return (
    <>
      <h2>{workflow === undefined ? "How the workload uses it" : "The workflow that uses it"}</h2>
      {workflow === undefined ? (
        <p>The GitHub token is in GH_TOKEN, or there is none and the reason is on standard error.</p>
      ) : (
        <p>
          At <code>{workflow.path}</code> in <code>{workflow.repository}</code>. Put a full commit SHA of the action in
          the place of COMMIT.
        </p>
      )}
      <Code text={usage.text} what={workflow === undefined ? "the commands" : "the workflow"} />
      {workflow !== undefined && (
        <div class="row">
          <CreateLink file={workflow} what="the workflow" />
        </div>
      )}
      <h2>Its test</h2>
      <p>
        Beside the policy, at <code>{test.path}</code>; <code>policy test</code> runs it.
      </p>
      <Code text={test.text} what="the test" />
      <div class="row">
        <CreateLink file={test} what="the test" />
      </div>
    </>
  );
}

interface CreateLinkProps {
  readonly file: NewFile;
  readonly what: string;
  readonly isMain?: true;
}

function CreateLink({ file, what, isMain }: CreateLinkProps) {
  return (
    <>
      <a class={isMain ? "button primary" : "button"} href={file.href} target="_blank" rel="noreferrer">
        Create {what} on GitHub
      </a>
      {!file.isTextInLink && <span class="hint">It is too long for a link: copy it, and paste it there.</span>}
    </>
  );
}

const WORDS = { error: "Error", warning: "Warning", notice: "Notice" } as const;
const CLASSES = { error: "text-bad", warning: "text-warn", notice: "muted" } as const;

function Findings({ diagnostics }: { readonly diagnostics: readonly Diagnostic[] }) {
  if (diagnostics.length === 0) return null;
  return (
    <ul class="result-findings" aria-label="What is said of the policy">
      {diagnostics.map(({ severity, line, message, suggestion }) => (
        <li key={`${line} ${message}`}>
          <b class={CLASSES[severity]}>{WORDS[severity]}</b>
          {line > 0 && ` in line ${line}`}: <RichText text={message} />
          {suggestion !== undefined && (
            <span class="muted">
              {" "}
              (<RichText text={suggestion} />)
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
