/** An App's secrets, which GitHub hands out once, and how they are stored. They are in this window alone. */
import { useEffect, useState } from "preact/hooks";
import type { RegisteredAppFacts } from "../../http/facts.ts";
import { Code } from "../parts/code.tsx";
import { Notice } from "../parts/notice.tsx";

export interface RegisteredProps {
  readonly app: RegisteredAppFacts;
}

export function Registered({ app }: RegisteredProps) {
  const { id, slug, owner, installUrl, privateKey, webhookSecret } = app;
  const [isTaken, setIsTaken] = useState(false);
  // The code is used up; without it the address leads back here from the other parts of the page.
  useEffect(() => history.replaceState(null, "", "/#/"), []);
  useEffect(() => {
    if (isTaken) return;
    const askFirst = (event: Event) => event.preventDefault();
    addEventListener("beforeunload", askFirst);
    return () => removeEventListener("beforeunload", askFirst);
  }, [isTaken]);
  const file = `${slug}.private-key.pem`;
  return (
    <div class="prose">
      <h1>The App is registered</h1>
      <p class="lead">
        {slug}, App {id} of {owner}.
      </p>
      <Notice kind="warn" title="Its secrets are in this window alone">
        <p>
          Nothing of them is kept here, and GitHub does not show them again. Should they get lost, make a new private
          key and a new webhook secret on the App's settings page.
        </p>
      </Notice>
      <h2>1. Take its secrets</h2>
      <p class="row">
        <Download text={privateKey} file={file} onTaken={() => setIsTaken(true)} />
        <span class="hint">{file}, to be deleted once it is stored</span>
      </p>
      <details>
        <summary>The private key as text</summary>
        <Code text={privateKey} what="the private key" />
      </details>
      {webhookSecret !== undefined && (
        <>
          <p>The secret of its webhook:</p>
          <Code text={webhookSecret} what="the webhook secret" />
        </>
      )}
      <h2>2. Store them</h2>
      <Storing id={id} file={file} hasWebhook={webhookSecret !== undefined} />
      <h2>3. Install it</h2>
      <p>
        <a href={installUrl} target="_blank" rel="noreferrer">
          Install {slug}
        </a>{" "}
        on {owner}, for the repositories that policies are about and for <code>.github</code>, where the organization's
        policies are.
      </p>
      <p>
        <a href="/readyz" target="_blank" rel="noreferrer">
          /readyz
        </a>{" "}
        is green as soon as all of it works, and this page then shows the deployment.
      </p>
    </div>
  );
}

interface StoringProps {
  readonly id: string;
  /** Of the private key. */
  readonly file: string;
  readonly hasWebhook: boolean;
}

function Storing({ id, file, hasWebhook }: StoringProps) {
  return (
    <>
      <h3>On Cloudflare</h3>
      <p>In your clone of the repository, with the key in the same folder:</p>
      <Code text={commandsOf(id, file, hasWebhook)} what="the commands" />
      {hasWebhook && <p class="hint">The last one asks for the webhook secret: paste it there.</p>}
      <h3>On a server of your own</h3>
      <p>In its environment, with each secret in a file that only the service can read; then start it again:</p>
      <Code text={environmentOf(id, hasWebhook)} what="the environment" />
    </>
  );
}

interface DownloadProps {
  readonly text: string;
  readonly file: string;
  readonly onTaken: () => void;
}

/** By a file, as a clipboard is read by others. */
function Download({ text, file, onTaken }: DownloadProps) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([text], { type: "application/x-pem-file" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [text]);
  if (url === undefined) return null;
  return (
    <a class="button primary" href={url} download={file} onClick={onTaken}>
      Download the private key
    </a>
  );
}

/** No secret stands in a command: shells remember those. */
const commandsOf = (id: string, file: string, hasWebhook: boolean): string =>
  [
    `echo ${id} | npm run wrangler -- secret put GITHUB_APP_ID`,
    `npm run wrangler -- secret put GITHUB_APP_PRIVATE_KEY < ${file}`,
    ...(hasWebhook ? ["npm run wrangler -- secret put GITHUB_WEBHOOK_SECRET"] : []),
  ].join("\n");

const environmentOf = (id: string, hasWebhook: boolean): string =>
  [
    `GITHUB_APP_ID=${id}`,
    "GITHUB_APP_PRIVATE_KEY_FILE=/etc/octo-sts/key.pem",
    ...(hasWebhook ? ["GITHUB_WEBHOOK_SECRET_FILE=/etc/octo-sts/webhook-secret"] : []),
  ].join("\n");
