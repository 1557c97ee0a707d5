/**
 * The state of the playground in a link. Pure, but for the browser's own compression.
 *
 * A link is passed on and kept: it holds what somebody chose to share, never a token, and of claims none that names one token.
 */
import { claimsToShare } from "../handover.ts";
import type { FileRoleName, Input } from "./input.ts";
import { MAX_EVIDENCE_CHARACTERS, MAX_POLICY_CHARACTERS } from "./input.ts";
import { holdsToken } from "./intake.ts";

export type Shared = Pick<Input, "policy" | "evidence" | "file" | "scope">;

export type Shareable =
  | { readonly ok: true; readonly shared: Shared; readonly note: string | undefined }
  | { readonly ok: false; readonly message: string };

export function shareable({ policy, evidence, file, scope }: Input): Shareable {
  const claims = sharedClaims(evidence);
  const shared = { policy, evidence: claims ?? "", file, scope };
  if (Object.values(shared).some(holdsToken)) {
    return { ok: false, message: "There is a token in it, and a link must hold none. Remove it first." };
  }
  const isLeftOut = claims === undefined && evidence.trim() !== "";
  return { ok: true, shared, note: isLeftOut ? "What is no JSON is not in the link." : undefined };
}

/** Undefined for what is no JSON: nobody knows what is in it. */
function sharedClaims(evidence: string): string | undefined {
  try {
    const value: unknown = JSON.parse(evidence);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return `${JSON.stringify(claimsToShare(value), undefined, 2)}\n`;
  } catch {
    return undefined;
  }
}

/** Texts that other parts of the page make stand in the link as they are; what is shared from here is packed. */
const NAMES = { policy: "policy", evidence: "claims", file: "file", scope: "scope" } as const;
const PACKED = "z";

export async function packed(shared: Shared): Promise<URLSearchParams> {
  const { policy, evidence, file, scope } = shared;
  const bytes = await through(
    Uint8Array.from(new TextEncoder().encode(JSON.stringify([policy, evidence]))),
    new CompressionStream("deflate-raw"),
  );
  const state = new URLSearchParams({ file, ...(scope !== "" && { scope }) });
  state.set(PACKED, toBase64url(bytes));
  return state;
}

/** What a link says, within the bounds of what can be typed; what is not right in it is left out. */
export async function unpacked(state: URLSearchParams): Promise<Partial<Shared>> {
  const [policy, evidence] = (await unpackedTexts(state.get(PACKED))) ?? [
    state.get(NAMES.policy),
    state.get(NAMES.evidence),
  ];
  const file = ROLES.find((role) => role === state.get(NAMES.file));
  const scope = state.get(NAMES.scope);
  return {
    ...(isWithin(policy, MAX_POLICY_CHARACTERS) && { policy }),
    ...(isWithin(evidence, MAX_EVIDENCE_CHARACTERS) && { evidence }),
    ...(file !== undefined && { file }),
    ...(isWithin(scope, 250) && { scope }),
  };
}

const ROLES: readonly FileRoleName[] = ["repository", "organization", "issuers"];

const isWithin = (text: string | null | undefined, most: number): text is string =>
  typeof text === "string" && text.length <= most;

async function unpackedTexts(text: string | null): Promise<readonly string[] | undefined> {
  if (text === null) return undefined;
  try {
    const bytes = await through(fromBase64url(text), new DecompressionStream("deflate-raw"));
    const texts: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return Array.isArray(texts) && texts.every((one) => typeof one === "string") ? texts : undefined;
  } catch {
    return undefined;
  }
}

/** A few bytes may unpack to gigabytes. */
const MAX_UNPACKED_BYTES = 4 * (MAX_POLICY_CHARACTERS + MAX_EVIDENCE_CHARACTERS);

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    length += next.value.length;
    if (length > MAX_UNPACKED_BYTES) {
      await reader.cancel();
      throw new RangeError("the link unpacks to more than can be typed");
    }
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toBase64url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}
