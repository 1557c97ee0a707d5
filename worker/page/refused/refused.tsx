/** "Why was I refused?": what somebody has of a refusal, explained with its own values. All of it is read in the browser. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { announce } from "../parts/announce.ts";
import { Field } from "../parts/field.tsx";
import { Notice } from "../parts/notice.tsx";
import type { ViewProps } from "../view.ts";
import { ExplainedReason } from "./explained-reason.tsx";
import { MAX_CHARACTERS, type ReadRefusal, readRefusal } from "./read.ts";

/** Until somebody who types is told what was found. */
const PAUSE_MS = 600;

export default function Refused({ deployment, state, setState }: ViewProps) {
  const [text, setText] = useState("");
  const found = useMemo(() => withState(readRefusal(text), text, state), [text, state]);
  const { reason, requestId } = found;
  const take = (pasted: string) => {
    setText(pasted);
    const read = readRefusal(pasted);
    // No more than what anybody may see: the values stay in the page.
    setState(
      new URLSearchParams({
        ...(read.reason !== undefined && { reason: read.reason }),
        ...(read.requestId !== undefined && { request_id: read.requestId }),
      }),
    );
  };
  useEffect(() => {
    if (text.trim() === "") return;
    const timer = setTimeout(
      () => announce(reason === undefined ? "No refusal found" : `Explained: ${reason}`),
      PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [text, reason]);
  return (
    <>
      <h1>Why was I refused?</h1>
      <p class="lead">
        Paste what you have of the refusal: the answer, the end of the job's log, the error line, an audit event, or no
        more than its reason or request id. It is read here and sent nowhere.
      </p>
      <Field label="The refusal">
        <textarea rows={5} spellcheck={false} value={text} onInput={({ currentTarget }) => take(currentTarget.value)} />
      </Field>
      {found.isCut && (
        <p class="hint">Only its last {MAX_CHARACTERS / 1024} KiB are looked at: a job fails at the end of its log.</p>
      )}
      {reason === undefined ? (
        <NothingFound isEmpty={text.trim() === ""} requestId={requestId} domain={deployment.domain} />
      ) : (
        <ExplainedReason {...found} reason={reason} deployment={deployment} />
      )}
    </>
  );
}

/** A link may name a reason and a request id before anything is pasted. */
function withState(read: ReadRefusal, text: string, state: URLSearchParams): ReadRefusal {
  if (text.trim() !== "") return read;
  const named = readRefusal(state.get("reason") ?? "");
  return { ...named, requestId: readRefusal(state.get("request_id") ?? "").requestId };
}

interface NothingFoundProps {
  readonly isEmpty: boolean;
  readonly requestId: string | undefined;
  readonly domain: string | undefined;
}

function NothingFound({ isEmpty, requestId, domain = "this service" }: NothingFoundProps) {
  if (requestId !== undefined) {
    return (
      <Notice kind="info" title="A request id says nothing by itself">
        <p>
          The operator of {domain} finds the refusal, its true reason and every clause in the log, in the one line with{" "}
          <code>{`"request_id":"${requestId}"`}</code>.
        </p>
      </Notice>
    );
  }
  if (!isEmpty) {
    return (
      <Notice kind="warn" title="There is no refusal in it">
        <p>
          Look for the line with <code>"reason"</code> or <code>"message"</code>, or for the header{" "}
          <code>X-STS-Refusal</code>.
        </p>
      </Notice>
    );
  }
  return (
    <p>
      Or look it up among <a href="/reasons">all reasons</a>, by who must act.
    </p>
  );
}
