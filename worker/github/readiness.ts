/** Whether the service could serve, and what of it is not as it should be; GitHub is asked at most every half minute whoever wants to know. */
import { CLOCK_DIFFERENCE_MAX_SECONDS, READY_FRESH_MS, READY_WAITS_MS } from "../limits.ts";
import type { KvStore } from "../store/kv.ts";
import { soon } from "../store/soon.ts";
import type { App } from "./app.ts";
import type { AppSlugs } from "./app-slugs.ts";
import type { CallContext } from "./call.ts";
import type { AppInfo, GitHub } from "./github.ts";
import { missingPermissions } from "./mint.ts";
import { EVENTS, TO_CHECK, TO_READ } from "./needs.ts";

export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly problem?: string;
  /** Of an App: each of its keys, `ok` or why GitHub does not take it. */
  readonly keys?: readonly string[];
}

/** Ready is whoever has no check that failed; a warning is about what could be better. */
export interface ReadyReport {
  readonly checks: readonly ReadyCheck[];
  readonly warnings: readonly string[];
}

export interface ReadinessDeps {
  readonly github: Pick<GitHub, "tryKeys">;
  readonly apps: readonly App[];
  /** Whether the App has a webhook secret: then it is to write check runs. */
  readonly hearsWebhooks: (app: App) => boolean;
  readonly kv: Pick<KvStore, "get">;
  readonly appSlugs: Pick<AppSlugs, "learn">;
  /** Ms since the epoch. */
  readonly now: () => number;
}

/** One per isolate. */
export class Readiness {
  readonly #deps: ReadinessDeps;
  #askedAt = Number.NEGATIVE_INFINITY;
  #last: ReadyReport | undefined;

  constructor(deps: ReadinessDeps) {
    this.#deps = deps;
  }

  async report(call: CallContext): Promise<ReadyReport> {
    const { apps, now } = this.#deps;
    // In a new isolate whoever comes while the first one asks waits for what it hears.
    if (now() - this.#askedAt < READY_FRESH_MS) return (await soon(() => this.#last, READY_WAITS_MS)) ?? unheard(apps);
    this.#askedAt = now();
    const [kv, ...tried] = await Promise.all([this.#readsKv(), ...apps.map((app) => this.#try(app, call))]);
    this.#last = {
      checks: [...tried.map(({ check }) => check), ...clockCheck(tried.map(({ aheadSeconds }) => aheadSeconds))],
      warnings: [...tried.flatMap(({ warnings }) => warnings), ...kv],
    };
    return this.#last;
  }

  /** Without KV exchanges go on, so it is no check. It is only read: writes are counted, and probes come often. */
  async #readsKv(): Promise<readonly string[]> {
    const isRead = (await this.#deps.kv.get(JSON.stringify(["readiness"]))) !== "failed";
    return isRead ? [] : ["STS_CACHE does not answer: every isolate asks GitHub and issuers anew"];
  }

  async #try(app: App, call: CallContext): Promise<Tried> {
    const { github, hearsWebhooks, now } = this.#deps;
    const keys = await github.tryKeys(app, call);
    const name = `app ${app.id}`;
    const said = keys.map(({ app }) => (app.ok ? "ok" : app.denial.reason));
    const taken = keys.flatMap((key) => (key.app.ok ? [key.app.value] : []))[0];
    const dateMs = keys.map((key) => key.dateMs).find((date) => date !== undefined);
    const aheadSeconds = dateMs === undefined ? undefined : Math.round((now() - dateMs) / 1000);
    if (taken === undefined) {
      const [problem = "no key"] = said;
      return { check: { name, ok: false, problem, keys: said }, warnings: [], aheadSeconds };
    }
    this.#deps.appSlugs.learn(app.id, taken.slug, call);
    const lacking = missingPermissions(TO_READ, taken.permissions);
    const problem = lacking.length === 0 ? {} : { problem: `lacks ${lacking.join(", ")}` };
    const check = { name, ok: lacking.length === 0, ...problem, keys: said };
    const warnings = [...keyWarnings(said), ...(hearsWebhooks(app) ? webhookWarnings(taken) : [])];
    return { check, warnings: warnings.map((warning) => `${name}: ${warning}`), aheadSeconds };
  }
}

interface Tried {
  readonly check: ReadyCheck;
  readonly warnings: readonly string[];
  /** How far our clock is ahead of GitHub's; undefined when GitHub did not say. */
  readonly aheadSeconds: number | undefined;
}

/** Once the new key of two is taken, the old one may go. */
const keyWarnings = (keys: readonly string[]): string[] =>
  keys.flatMap((said, index) =>
    said === "ok" ? [] : [`GitHub does not take key ${index + 1} of ${keys.length}: ${said}`],
  );

function webhookWarnings({ permissions, events }: AppInfo): string[] {
  const lacking = missingPermissions(TO_CHECK, permissions);
  const unheard = EVENTS.filter((event) => !events.includes(event));
  return [
    ...(lacking.length > 0 ? [`lacks ${lacking.join(", ")}: pull requests get no check runs`] : []),
    ...(unheard.length > 0 ? [`does not subscribe to ${unheard.join(", ")}`] : []),
  ];
}

/** Tokens are judged by our clock, and GitHub judges ours by its own. */
function clockCheck(all: readonly (number | undefined)[]): ReadyCheck[] {
  const aheadSeconds = all.find((one) => one !== undefined);
  if (aheadSeconds === undefined) return [];
  if (Math.abs(aheadSeconds) <= CLOCK_DIFFERENCE_MAX_SECONDS) return [{ name: "clock", ok: true }];
  const problem = `${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? "ahead of" : "behind"} GitHub's`;
  return [{ name: "clock", ok: false, problem }];
}

const unheard = (apps: readonly App[]): ReadyReport => ({
  checks: apps.map(({ id }) => ({ name: `app ${id}`, ok: false, problem: "is being asked for" })),
  warnings: [],
});
