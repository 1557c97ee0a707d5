/** `POST /webhook`: a delivery of GitHub's is acknowledged at once, and worked on after the answer. */
import { CALLER_RATE_LIMITED } from "../denial.ts";
import { RETRY_AFTER_OUTAGE_SECONDS, WEBHOOK_BODY_MAX_BYTES } from "../limits.ts";
import { deliver } from "../webhook/deliver.ts";
import { type Refusal, receive } from "../webhook/receipt.ts";
import { jsonResponse, plainRefusal, refusalResponse, type Source } from "./respond.ts";
import { callerOf, type RouteContext, sourceOf } from "./route.ts";

export async function webhookRoute(context: RouteContext): Promise<Response> {
  const { request, requestId, services, waitUntil } = context;
  const { config, budgets, webhooks } = services;
  const { headers, body } = request;
  const caller = callerOf(request);
  const receipt = await receive({ headers, body, caller }, { config, callers: budgets.callers, room: webhooks.room });
  if (receipt === "nothing") return new Response(null, { status: 204 });
  if (typeof receipt === "string") return refusalOf(receipt, sourceOf(context));
  waitUntil(deliver(receipt, services));
  return jsonResponse({ delivery: receipt.id, request_id: requestId }, 202);
}

const PLAIN = {
  unsigned: { status: 401, code: 16, message: "Unauthorized" },
  not_json: { status: 415, code: 3, message: "the content type must be application/json" },
  no_length: { status: 411, code: 3, message: "the request must have a Content-Length" },
  too_large: { status: 413, code: 3, message: `the body is larger than ${WEBHOOK_BODY_MAX_BYTES} bytes` },
  no_room: { status: 503, code: 14, message: "too many bodies are being received; deliver it again" },
  late: { status: 408, code: 4, message: "the body did not come in time" },
  not_an_event: { status: 400, code: 3, message: "not a webhook event of GitHub's" },
} as const satisfies Partial<Record<Refusal, { status: number; code: number; message: string }>>;

function refusalOf(why: Refusal, source: Source): Response {
  switch (why) {
    case "no_secret": {
      const denial = { reason: "misconfigured", variables: ["GITHUB_WEBHOOK_SECRET"] } as const;
      return refusalResponse({ denial, viewer: "unverified" }, source);
    }
    case "rate_limited":
      return refusalResponse({ denial: CALLER_RATE_LIMITED, viewer: "unverified" }, source);
    case "no_room":
      return plainRefusal(PLAIN[why], source.requestId, { "Retry-After": String(RETRY_AFTER_OUTAGE_SECONDS) });
    default:
      return plainRefusal(PLAIN[why], source.requestId);
  }
}
