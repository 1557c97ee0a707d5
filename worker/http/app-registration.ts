/**
 * `GET /app/registered`: where GitHub leads back to after an App was registered from the page of a deployment that has none. Shows the
 * App's secrets, and how to store them, to the browser that began; keeps and logs nothing of them. As soon as there is an App it is not there.
 */
import { type Conversion, convertCode, isRegistrationCode } from "../github/registration.ts";
import { installUrlOf } from "../github/web-url.ts";
import { EXCHANGE_DEADLINE_MS } from "../limits.ts";
import type { Registering, Setup } from "../services.ts";
import { Deadline } from "../store/deadline.ts";
import { accepts } from "./accept.ts";
import { type AssetContext, readAsset } from "./assets.ts";
import { registrationPage } from "./page.ts";
import { newState, stateCookie, stateOf } from "./registration-state.ts";
import { NOT_FOUND, plainRefusal } from "./respond.ts";
import { callerOf } from "./route.ts";

export interface RegistrationContext extends AssetContext {
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const STATUS = { not_asked_for: 400, unknown_code: 400, limited: 429, failed: 502 };

export async function registeredRoute(context: RegistrationContext, setup: Setup): Promise<Response> {
  const { request, env, requestId } = context;
  const registering = setup.ok ? undefined : setup.registering;
  // A code is used up for who can show what it brings.
  const built = registering && accepts(request.headers, "text/html") ? await readAsset(env, "/index.html") : undefined;
  if (registering === undefined || built === undefined) return plainRefusal(NOT_FOUND, requestId);
  const { apiUrl, stsDomain } = registering.config;
  const document = await built.text();
  const outcome = await comeBack(context, registering);
  // What GitHub may still know can come back once more.
  const state = (outcome === "unknown_code" ? undefined : stateOf(request, stsDomain)) ?? newState();
  if (typeof outcome === "string") {
    const cookie = stateCookie(stsDomain, state);
    return registrationPage(document, registering, {
      facts: { state, problem: outcome },
      cookie,
      status: STATUS[outcome],
    });
  }
  const app = { ...outcome, installUrl: installUrlOf(apiUrl, outcome.slug) };
  return registrationPage(document, registering, { facts: { state, app }, cookie: stateCookie(stsDomain, "") });
}

async function comeBack(
  { request, waitUntil }: RegistrationContext,
  registering: Registering,
): Promise<Conversion | "not_asked_for"> {
  const query = new URL(request.url).searchParams;
  const state = stateOf(request, registering.config.stsDomain);
  const code = query.get("code");
  if (state === undefined || query.get("state") !== state || !isRegistrationCode(code)) return "not_asked_for";
  if (!(await registering.callers.consume(callerOf(request)))) return "limited";
  return convertCode(registering, code, { deadline: new Deadline(EXCHANGE_DEADLINE_MS), waitUntil });
}
