// A recording of what the emulators answered, and an outside world that plays it back: so that a measurement of the Worker
// holds next to nothing of what the emulators spend.

import type { Network } from "../../support/network.ts";

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
}

const nameOf = (request: Request): string => `${request.method} ${request.url}`;

export interface Recorder {
  fetch(request: Request): Promise<Response>;
  /** From now on only what was heard before is answered. */
  replay(): void;
  calls: number;
}

/** The same call gets the last answer that it got; a mint is told apart by what it asks for. */
export function createRecorder(network: Pick<Network, "fetch">): Recorder {
  const heard = new Map<string, Answer>();
  let live = true;
  const recorder: Recorder = {
    calls: 0,
    replay: () => {
      live = false;
    },
    async fetch(request) {
      recorder.calls += 1;
      const body = request.method === "POST" ? await request.clone().text() : "";
      const name = `${nameOf(request)} ${body}`;
      if (live) {
        const response = await network.fetch(request);
        const answer = { status: response.status, headers: [...response.headers], text: await response.text() };
        heard.set(name, answer);
      }
      const answer = heard.get(name);
      if (answer === undefined) throw new TypeError(`nothing was recorded for ${name}`);
      const headers = answer.headers.map(([key, value]): [string, string] => [key, value]);
      return new Response(answer.status === 204 ? null : answer.text, { status: answer.status, headers });
    },
  };
  return recorder;
}
