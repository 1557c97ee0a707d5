/**
 * `GET /app/registered`: where GitHub leads back to after an App was registered from the page of a deployment that has none. Shows the
 * App's secrets, and how to store them, to the browser that began; keeps and logs nothing of them. As soon as there is an App it is not there.
 */
import { convertCode, isRegistrationCode, type RegisteredApp } from "../github/registration.ts";
import { installUrlOf } from "../github/web-url.ts";
import { EXCHANGE_DEADLINE_MS } from "../limits.ts";
import type { Registering, Setup } from "../services.ts";
import { accepts } from "./accept.ts";
import { type AssetContext, readAsset } from "./assets.ts";
import type { RegistrationFacts } from "./facts.ts";
import { registrationPage } from "./page.ts";
import { newState, stateCookie, stateOf } from "./registration-state.ts";
import { NOT_FOUND, plainRefusal } from "./respond.ts";
import { callerOf } from "./route.ts";

export interface RegistrationContext extends AssetContext {
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export async function registeredRoute(context: RegistrationContext, setup: Setup): Promise<Response> {
  const { request, env, requestId } = context;
  const registering = setup.ok ? undefined : setup.registering;
  // A code is used up for who can show what it brings.
  const built = registering && accepts(request.headers, "text/html") ? await readAsset(env, "/index.html") : undefined;
  if (registering === undefined || built === undefined) return plainRefusal(NOT_FOUND, requestId);
  const { status, state, ...facts } = await comeBack(context, registering);
  const next = state ?? newState();
  const cookie = stateCookie(request, facts.app === undefined ? next : "");
  return registrationPage(await built.text(), registering, { facts: { ...facts, state: next }, cookie, status });
}

interface Outcome extends Omit<RegistrationFacts, "state"> {
  readonly status: number;
  /** What may still come back; undefined where another has to be begun with. */
  readonly state?: string | undefined;
}

async function comeBack({ request, waitUntil }: RegistrationContext, registering: Registering): Promise<Outcome> {
  const query = new URL(request.url).searchParams;
  const state = stateOf(request);
  const code = query.get("code");
  if (state === undefined || query.get("state") !== state || !isRegistrationCode(code)) {
    return { status: 400, state, problem: "not_asked_for" };
  }
  if (!(await registering.callers.consume(callerOf(request)))) return { status: 429, state, problem: "limited" };
  const signal = AbortSignal.timeout(EXCHANGE_DEADLINE_MS);
  const conversion = await convertCode(registering, code, { signal, waitUntil });
  switch (conversion.kind) {
    case "registered":
      return { status: 200, app: appFacts(conversion.app, registering) };
    case "unknown_code":
      return { status: 400, problem: "unknown_code" };
    case "rate_limited":
      return { status: 429, state, problem: "limited" };
    case "failed":
      return { status: 502, state, problem: "failed" };
  }
}

const appFacts = (app: RegisteredApp, { apiUrl }: Registering) => ({
  ...app,
  installUrl: installUrlOf(apiUrl, app.slug),
});
