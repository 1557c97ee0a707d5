/**
 * A GitHub App that was just registered from a manifest: GitHub hands out its secrets once, to whoever brings the code that it sent the
 * browser back with. Nothing of them is kept or logged here.
 * https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
 */
import { EXCHANGE_DEADLINE_MS } from "../limits.ts";
import type { Api, CallContext } from "./call.ts";
import { resultOf } from "./response.ts";
import { parseRegisteredApp, type RegisteredApp } from "./shapes.ts";

export interface Converter {
  readonly api: Api;
  /** Ms since the epoch. */
  readonly now: () => number;
}

/** What came of a code. `unknown_code`: used, older than an hour, or never GitHub's. `failed`: whether it is used up is not known. */
export type Conversion = RegisteredApp | "unknown_code" | "limited" | "failed";

/** Whether this could be a code: nothing else reaches a URL. */
export const isRegistrationCode = (text: string | null): text is string => /^[A-Za-z0-9_-]{1,100}$/.test(text ?? "");

/** One call, never repeated: it uses the code up. Throws for what `isRegistrationCode` does not let through. */
export async function convertCode({ api, now }: Converter, code: string, call: CallContext): Promise<Conversion> {
  const request = {
    route: "POST /app-manifests/{code}/conversions",
    path: { code },
    token: undefined,
    retry: false,
    // An answer that nobody waits for takes the only copy of the key with it.
    timeoutMs: EXCHANGE_DEADLINE_MS,
  } as const;
  const result = resultOf(await api.send(request, call), now());
  switch (result.kind) {
    case "success":
      return parseRegisteredApp(result.json) ?? "failed";
    case "not_found":
    case "unprocessable":
      return "unknown_code";
    case "rate_limited":
      return "limited";
    default:
      return "failed";
  }
}
