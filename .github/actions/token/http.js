/** One request as long as it can succeed: bounded in time, size and number, and never redirected. */
import { setTimeout as pause } from "node:timers/promises";
import { print } from "./runner.js";

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {string} text
 * @typedef {{ readonly problem: string }} Unanswered
 */

const ATTEMPTS_MAX = 3;
const TIMEOUT_MS = 20_000;
const BODY_MAX_BYTES = 65_536;
/** A service that wants more patience than this is not waited for: a job costs money. */
const RETRY_AFTER_MAX_S = 30;
const PAUSE_MS = 500;
const LATER = [429, 503];

/**
 * Tries again what can succeed then: no connection, and 429 or 503 with a Retry-After. Any other answer is one.
 * @param {string} whom For the log.
 * @param {string} url
 * @param {RequestInit} init
 * @param {{ readonly isFlaky?: boolean }} [service] One whose 5xx pass by themselves.
 * @returns {Promise<Answer | Unanswered>}
 */
export async function request(whom, url, init, { isFlaky = false } = {}) {
  for (let attempt = 1; ; attempt++) {
    const answer = await requestOnce(url, init);
    const pauseMs = attempt * PAUSE_MS;
    const mayPass = isFlaky && "status" in answer && answer.status >= 500 ? pauseMs : waitBeforeNext(answer, pauseMs);
    const waitMs = attempt < ATTEMPTS_MAX ? mayPass : undefined;
    if (waitMs === undefined) return answer;
    const why = "problem" in answer ? answer.problem : `answered ${answer.status}`;
    print(`${whom}: ${why}; trying again in ${waitMs / 1000} s`);
    await pause(waitMs);
  }
}

/** @param {Answer | Unanswered} answer @param {number} pauseMs @returns {number | undefined} */
function waitBeforeNext(answer, pauseMs) {
  if ("problem" in answer) return pauseMs;
  const seconds = answer.headers.get("Retry-After") ?? "";
  if (!LATER.includes(answer.status) || !/^\d{1,4}$/.test(seconds)) return undefined;
  return Number(seconds) <= RETRY_AFTER_MAX_S ? Number(seconds) * 1000 : undefined;
}

/** One try. @param {string} url @param {RequestInit} init @returns {Promise<Answer | Unanswered>} */
export async function requestOnce(url, init) {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    return { status: response.status, headers: response.headers, text: await bodyOf(response) };
  } catch (error) {
    return { problem: whyOf(error) };
  }
}

/** @param {Response} response */
async function bodyOf(response) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > BODY_MAX_BYTES) break;
    chunks.push(chunk);
  }
  return size > BODY_MAX_BYTES ? "" : Buffer.concat(chunks).toString("utf8");
}

/** Node's fetch says only that it failed; what it was is the cause. @param {unknown} error */
function whyOf(error) {
  if (!(error instanceof Error)) return "no answer";
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no connection";
  return `no answer (${code})`;
}

/**
 * @param {string} text
 * @returns {Readonly<Record<string, unknown>>} Empty for what is no JSON object.
 */
export function objectIn(text) {
  try {
    const value = /** @type {unknown} */ (JSON.parse(text));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** @param {unknown} value @returns {value is Readonly<Record<string, unknown>>} */
export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
