/** `POST /webhook`: a delivery of GitHub's is acknowledged at once, and worked on after the answer. */
import { RETRY_AFTER_LIMIT_SECONDS, WEBHOOK_BODY_MAX_BYTES } from "../limits.ts";
import { readCapped } from "../store/fetch.ts";
import { addressKey } from "../store/limiter.ts";
import { deliver } from "../webhook/deliver.ts";
import { type Refusal, receive } from "../webhook/receipt.ts";
import { jsonResponse, plainRefusal, refusalResponse } from "./respond.ts";
import type { RouteContext } from "./sts-exchange.ts";

export async function webhookRoute({ request, requestId, services, waitUntil }: RouteContext): Promise<Response> {
  const { config, limits } = services;
  const knock = {
    headers: request.headers,
    caller: addressKey(request.headers.get("CF-Connecting-IP")),
    // A body that ends early has no signature that fits.
    read: (maxBytes: number) => readCapped(request, maxBytes).catch(() => new Uint8Array()),
  };
  const receipt = await receive(knock, { config, callers: limits.callers });
  switch (receipt.kind) {
    case "refused":
      return refusalOf(receipt.why, requestId);
    case "nothing":
      return new Response(null, { status: 204 });
    case "delivery":
      waitUntil(deliver(receipt.delivery, services));
      return jsonResponse({ delivery: receipt.delivery.id, request_id: requestId }, 202);
  }
}

function refusalOf(why: Refusal, requestId: string): Response {
  switch (why) {
    case "no_secret": {
      const denial = { reason: "misconfigured", variables: ["GITHUB_WEBHOOK_SECRET"] } as const;
      return refusalResponse({ denial, viewer: "unverified" }, requestId);
    }
    case "rate_limited": {
      const denial = { reason: "caller_rate_limited", retryAfterSeconds: RETRY_AFTER_LIMIT_SECONDS } as const;
      return refusalResponse({ denial, viewer: "unverified" }, requestId);
    }
    case "unsigned":
      return plainRefusal({ status: 401, code: 16, message: "Unauthorized" }, requestId);
    case "not_json":
      return plainRefusal({ status: 415, code: 3, message: "the content type must be application/json" }, requestId);
    case "too_large": {
      const message = `the body is larger than ${WEBHOOK_BODY_MAX_BYTES} bytes`;
      return plainRefusal({ status: 413, code: 3, message }, requestId);
    }
    case "not_an_event":
      return plainRefusal({ status: 400, code: 3, message: "not a webhook event of GitHub's" }, requestId);
  }
}
