/**
 * The trace that a request is part of (W3C Trace Context level 1, section 3.2). Whoever asks chooses it, so it proves nothing; it is told
 * to the event's readers, and to neither GitHub nor issuers. Pure.
 */

/** All zeros are no id. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Undefined for whatever is not exactly one value of version 00: an ill-formed one counts as none. */
export function traceparentOf(headers: Headers): string | undefined {
  const value = headers.get("traceparent");
  return value !== null && TRACEPARENT.test(value) ? value : undefined;
}
