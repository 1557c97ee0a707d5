/**
 * What is pasted as evidence: a token or a log becomes the claims in it at once, and nothing else of it is kept. Pure.
 */
import { readEvidence } from "../../../policies/cli/evidence.ts";
import { MAX_EVIDENCE_CHARACTERS } from "./input.ts";

export interface Taken {
  /** What stands in the editor in place of all that stood there; undefined: that stays, and of what was pasted nothing is kept. */
  readonly text: string | undefined;
  readonly note: string;
}

/** A compact JWT (RFC 7515), or what is left of one. */
const TOKEN = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*/;

/** Undefined for a text that is to be edited as it is: JSON, or nothing that anything is found in. */
export function takeEvidence(pasted: string): Taken | undefined {
  const text = pasted.trim();
  const hasToken = TOKEN.test(text);
  if (!hasToken && isShort(text) && isJsonObject(text)) return undefined;
  const evidence = readEvidence(text, "what you pasted");
  if (!evidence.ok) return hasToken ? { text: undefined, note: `Not taken: ${evidence.message}.` } : undefined;
  if (evidence.claims === undefined) {
    const { reason, message } = evidence.refusal;
    return reason === undefined
      ? undefined
      : { text: written({ reason, message }), note: "The refusal in it was taken." };
  }
  const claims = written(evidence.claims);
  if (!isShort(claims))
    return { text: undefined, note: `Not taken: its claims are longer than ${MAX_EVIDENCE_CHARACTERS} characters.` };
  const isToken = /^[A-Za-z0-9_.-]+$/.test(text);
  const what = isToken ? "The token was decoded" : "The claims in it were taken";
  return { text: claims, note: `${what}; its signature was dropped, and not checked.` };
}

/** Of what is typed, as some keyboards paste: a whole token is no more left to stand than a pasted one. */
export function takeTyped(text: string): Taken | undefined {
  return /^\s*eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\s*$/.test(text) ? takeEvidence(text) : undefined;
}

const isShort = (text: string): boolean => text.length <= MAX_EVIDENCE_CHARACTERS;

const written = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Anything that opens a door: an OIDC token, or one of GitHub's. */
export const holdsToken = (text: string): boolean =>
  TOKEN.test(text) || /\bgh[a-z]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}/.test(text);
