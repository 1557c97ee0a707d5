/**
 * The audit event: one for every request that reached the exchange, filled step by step and sent from one place. It never
 * holds a token, an assertion or an upstream body; a minted token appears as SHA-256 only. Names are octo-sts's where it has
 * the field. A sink that fails is noted in the log and fails nothing.
 */

import type { AuditEvent } from "./event.ts";
import { sha256, toHex } from "./store/digest.ts";

export type { AuditEvent } from "./event.ts";

/** Who reads the events goes by it. */
export const EVENT_TYPE: AuditEvent["type"] = "dev.octo-sts.exchange.v3";

/** Both spellings of a token's SHA-256. */
export async function tokenDigest(token: string): Promise<{ readonly hex: string; readonly base64: string }> {
  const digest = await sha256(token);
  return { hex: toHex(digest), base64: btoa(String.fromCharCode(...digest)) };
}
