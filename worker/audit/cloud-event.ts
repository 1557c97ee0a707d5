/** CloudEvents 1.0: what stands around the event. Pure. */
import type { AuditEvent } from "../audit.ts";
import type { RecordedEvent } from "./archive.ts";

/** What every mode has. Of the message of a queue the type may be that of another version. */
export function attributesOf(event: RecordedEvent, domain: string): Readonly<Record<string, string>> {
  const { type, request_id, time, scope, identity, correction, traceparent } = event;
  return {
    specversion: "1.0",
    // Two events with one id are the same event to whoever reads them.
    id: correction ? `${request_id}/correction` : request_id,
    type,
    source: `https://${domain}`,
    ...(scope === undefined ? {} : { subject: `${scope}/${identity ?? ""}` }),
    time,
    // The extension for distributed tracing.
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** HTTP protocol binding section 3.1: attributes are headers, which hold visible ASCII; of these only the subject was a caller's. */
export function binaryHeaders(event: AuditEvent, domain: string): Readonly<Record<string, string>> {
  const headers = Object.entries(attributesOf(event, domain)).map(([name, value]) => [`ce-${name}`, encodeURI(value)]);
  return { "Content-Type": "application/json", ...Object.fromEntries(headers) };
}

/** JSON event format section 3, around the event's own text. */
export function structured(attributes: Readonly<Record<string, string>>, json: string): string {
  const around = JSON.stringify({ ...attributes, datacontenttype: "application/json" });
  return `${around.slice(0, -1)},"data":${json}}`;
}
