// Whether a deployment that was just made could serve.

import type { Machine } from "./machine.ts";

/** A new version, and above all a new domain with its certificate, takes a while. */
const READY_TRIES = 24;
const READY_PAUSE_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** `bearer`: the READY_TOKEN, by which it says what is wrong. */
export async function isReady(
  { get, wait, tell }: Pick<Machine, "get" | "wait" | "tell">,
  domain: string,
  bearer: string | undefined,
): Promise<boolean> {
  const url = `https://${domain}/readyz`;
  let said = "nothing answers there";
  for (let attempt = 0; attempt < READY_TRIES; attempt += 1) {
    if (attempt > 0) await wait(READY_PAUSE_MS);
    const answer = await get(url, bearer);
    if (answer?.status === 200) {
      tell(`\n${url} is green.`);
      return true;
    }
    if (answer !== undefined) said = `${answer.status} ${answer.text}`;
  }
  tell(`\n${url} is not green: ${said}`);
  return false;
}

export async function get(url: string, bearer: string | undefined): ReturnType<Machine["get"]> {
  const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return undefined;
  }
}
