/** One refusal: what it means, who must act, what it names, and where to look first. */
import { Fragment } from "preact";
import { REFUSALS, type Reason } from "../../denial.ts";
import type { Deployment } from "../deployment.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Notice } from "../parts/notice.tsx";
import { RichText, Sentence } from "../parts/rich-text.tsx";
import { WHO } from "./explanations/explanation.ts";
import { EXPLANATIONS, HELPED_BY_CLAIMS } from "./explanations/explanations.ts";
import { playgroundLink } from "./playground-link.ts";
import type { ReadRefusal } from "./read.ts";
import { ValueText } from "./value-text.tsx";

export interface ExplainedReasonProps extends ReadRefusal {
  readonly reason: Reason;
  readonly deployment: Deployment;
}

export function ExplainedReason(refusal: ExplainedReasonProps) {
  const { reason, reported, message } = refusal;
  const { means, look } = EXPLANATIONS[reason];
  return (
    <section class="prose" aria-labelledby="explained">
      <h2 id="explained">
        <code>{reason}</code>
      </h2>
      <p class="lead">
        <Sentence text={means} />
      </p>
      {reported !== undefined && reported !== reason && (
        <Notice kind="info">
          <p>
            The caller was told <code>{reported}</code> in its place.
          </p>
        </Notice>
      )}
      <Facts {...refusal} />
      {message !== undefined && <pre class="wrap">{message}</pre>}
      <h3>What to look at first</h3>
      <ol>
        {look.map((step) => (
          <li key={step}>
            <RichText text={step} />
          </li>
        ))}
      </ol>
      <WaysOn {...refusal} />
    </section>
  );
}

function Facts({ reason, requestId, retryAfterSeconds, values, deployment }: ExplainedReasonProps) {
  const { who, remedy } = EXPLANATIONS[reason];
  return (
    <dl class="facts">
      <dt>Who must act</dt>
      <dd>
        <Sentence text={WHO[who]} />
      </dd>
      <dt>What to do</dt>
      <dd>
        <Sentence text={remedy} />
      </dd>
      {values.map(({ name, value, isProse = false }) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>
            <ValueText value={value} isProse={isProse} wanted={wantedFor(name, values)} webUrl={deployment.webUrl} />
          </dd>
        </Fragment>
      ))}
      <ComeAgain reason={reason} seconds={retryAfterSeconds} />
      {requestId !== undefined && (
        <>
          <dt>Request id</dt>
          <dd class="row">
            <code>{requestId}</code>
            <CopyButton text={requestId} what="the request id" />
          </dd>
        </>
      )}
    </dl>
  );
}

/** The policy's exact value, with which the token's is compared to the letter. */
function wantedFor(name: string, values: ReadRefusal["values"]): string | undefined {
  if (!/^The token's (?:iss|sub|aud)$/.test(name)) return undefined;
  return values.find((value) => /^The policy's (?:issuer|subject|audience)$/.test(value.name))?.value;
}

function ComeAgain({ reason, seconds }: { readonly reason: Reason; readonly seconds: number | undefined }) {
  if (seconds === undefined && REFUSALS[reason].error !== "temporarily_unavailable") return null;
  return (
    <>
      <dt>When to come again</dt>
      <dd>
        {seconds === undefined ? (
          <>
            After as many seconds as the answer's header <code>Retry-After</code> says.
          </>
        ) : (
          `After ${seconds} seconds.`
        )}
      </dd>
    </>
  );
}

function WaysOn(refusal: ExplainedReasonProps) {
  const { reason } = refusal;
  return (
    <p class="row">
      {HELPED_BY_CLAIMS.has(reason) && (
        <a class="button primary" href={playgroundLink(refusal)}>
          Try the policy with the token's claims
        </a>
      )}
      <a class="button" href={`/reasons/${reason}`}>
        All about {reason}
      </a>
    </p>
  );
}
