/** What callers and writers of policies need to know of this deployment. */
import type { AppFacts } from "../../http/facts.ts";
import type { Deployment } from "../deployment.ts";
import { CopyButton } from "../parts/copy-button.tsx";

export interface ServingProps {
  readonly deployment: Deployment;
}

export function Serving({ deployment }: ServingProps) {
  const { domain = "", apps, owners, webUrl, version } = deployment;
  const isOwn = webUrl !== "https://github.com";
  return (
    <section aria-labelledby="deployment-facts">
      <h2 id="deployment-facts">This deployment</h2>
      <dl class="facts">
        <dt>Exchange at</dt>
        <dd>
          <Copied text={`${originOf(domain)}/sts/exchange`} what="the address of the exchange" />
        </dd>
        <dt>Audience</dt>
        <dd>
          <Copied text={domain} what="the audience" />
          <p class="hint">
            The <code>aud</code> that a token needs, where the policy names no other
          </p>
        </dd>
        {isOwn && (
          <>
            <dt>GitHub</dt>
            <dd>
              <a href={webUrl}>{webUrl.replace(/^https?:\/\//, "")}</a>
            </dd>
          </>
        )}
        <dt>Owners served</dt>
        <dd>{owners === undefined ? "every owner that has installed the App" : <Owners {...{ owners, webUrl }} />}</dd>
        <dt>{apps.length === 1 ? "GitHub App" : "GitHub Apps"}</dt>
        <dd>
          <ul class="apps">
            {apps.map((app) => (
              <AppItem app={app} key={app.id} />
            ))}
          </ul>
        </dd>
        <dt>Version</dt>
        <dd>{version}</dd>
      </dl>
    </section>
  );
}

/** Callers use the domain, and http nowhere but on their own machine. */
const originOf = (domain: string): string => (location.host === domain ? location.origin : `https://${domain}`);

function Copied({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <span class="row">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}

function Owners({ owners, webUrl }: { readonly owners: readonly string[]; readonly webUrl: string }) {
  return (
    <ul class="inline">
      {owners.map((owner) => (
        <li key={owner}>
          <a href={`${webUrl}/${owner}`}>{owner}</a>
        </li>
      ))}
    </ul>
  );
}

function AppItem({ app: { id, name, installUrl } }: { readonly app: AppFacts }) {
  const label = name ?? `App ${id}`;
  return (
    <li class="row">
      <span>
        {label}
        {name !== undefined && <span class="muted"> (App {id})</span>}
      </span>
      {installUrl === undefined ? (
        <span class="hint">
          The link to install it appears once GitHub has told its address: <a href="/readyz">ask whether it is ready</a>
        </span>
      ) : (
        <a class="button small" href={installUrl}>
          Install {label}
        </a>
      )}
    </li>
  );
}
