/** Whether GitHub takes the Apps' keys, asked at most every half minute whoever wants to know. */
import { READY_FRESH_MS, READY_WAITS_MS } from "../limits.ts";
import { soon } from "../store/soon.ts";
import type { App } from "./app.ts";
import type { CallContext } from "./call.ts";
import type { GitHub } from "./github.ts";

export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly problem?: string;
}

export interface ReadinessDeps {
  readonly github: Pick<GitHub, "getApp">;
  readonly apps: readonly App[];
  readonly now: () => number;
}

/** One per isolate. */
export class Readiness {
  readonly #deps: ReadinessDeps;
  #askedAt = Number.NEGATIVE_INFINITY;
  #last: readonly ReadyCheck[] | undefined;

  constructor(deps: ReadinessDeps) {
    this.#deps = deps;
  }

  async checks(call: CallContext): Promise<readonly ReadyCheck[]> {
    const { github, apps, now } = this.#deps;
    // In a new isolate whoever comes while the first one asks waits for what it hears.
    if (now() - this.#askedAt < READY_FRESH_MS) return (await soon(() => this.#last, READY_WAITS_MS)) ?? unheard(apps);
    this.#askedAt = now();
    this.#last = await Promise.all(
      apps.map(async (app): Promise<ReadyCheck> => {
        const info = await github.getApp(app, call);
        const name = `app ${app.id}`;
        return info.ok ? { name, ok: true } : { name, ok: false, problem: info.denial.reason };
      }),
    );
    return this.#last;
  }
}

const unheard = (apps: readonly App[]): readonly ReadyCheck[] =>
  apps.map(({ id }) => ({ name: `app ${id}`, ok: false, problem: "is being asked for" }));
