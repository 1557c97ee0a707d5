/**
 * A GitHub App that was just registered from a manifest: GitHub hands out its secrets once, to whoever brings the code that it sent the
 * browser back with. Nothing of them is kept or logged here.
 * https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
 */
import * as v from "valibot";
import { OWNER_NAME } from "../../policies/names.ts";
import { EXCHANGE_DEADLINE_MS } from "../limits.ts";
import { readAppKeys } from "./app.ts";
import type { Api, CallContext } from "./call.ts";
import { resultOf } from "./response.ts";

export interface RegisteredApp {
  readonly id: string;
  /** Its name in addresses. */
  readonly slug: string;
  /** The account that it was registered for. */
  readonly owner: string;
  /** PEM. */
  readonly privateKey: string;
  /** Undefined where the manifest had no webhook. */
  readonly webhookSecret: string | undefined;
}

export type Conversion =
  | { readonly kind: "registered"; readonly app: RegisteredApp }
  /** Used already, older than an hour, or never GitHub's. */
  | { readonly kind: "unknown_code" }
  | { readonly kind: "rate_limited"; readonly retryAfterSeconds: number }
  /** Whether GitHub took the code is not known. */
  | { readonly kind: "failed" };

const CODE = /^[A-Za-z0-9_-]{1,100}$/;
const WEBHOOK_SECRET = /^[\x21-\x7e]{1,200}$/;

/** Whether this could be a code: nothing else reaches a URL. */
export const isRegistrationCode = (text: string | null): text is string => text !== null && CODE.test(text);

const registeredShape = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  slug: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,100}$/)),
  owner: v.object({ login: v.pipe(v.string(), v.regex(OWNER_NAME)) }),
  pem: v.pipe(
    v.string(),
    v.regex(/^-----BEGIN [A-Za-z0-9+/=\s-]{1,8000}-----\s*$/),
    v.check((text) => readAppKeys(text).ok),
  ),
  webhook_secret: v.nullish(v.pipe(v.string(), v.regex(WEBHOOK_SECRET))),
});

export interface Converter {
  readonly api: Api;
  /** Ms since the epoch. */
  readonly now: () => number;
}

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
    case "success": {
      const parsed = v.safeParse(registeredShape, result.json);
      if (!parsed.success) return { kind: "failed" };
      const { id, slug, owner, pem, webhook_secret } = parsed.output;
      const secret = webhook_secret ?? undefined;
      return {
        kind: "registered",
        app: { id: String(id), slug, owner: owner.login, privateKey: pem, webhookSecret: secret },
      };
    }
    case "not_found":
    case "unprocessable":
      return { kind: "unknown_code" };
    case "rate_limited":
      return { kind: "rate_limited", retryAfterSeconds: result.retryAfterSeconds };
    default:
      return { kind: "failed" };
  }
}
