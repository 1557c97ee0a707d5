/** `GET|POST /sts/exchange`: octo-sts's own wire. */
import type { Granted } from "../exchange/outcome.ts";
import { readExchangeRequest } from "./fields.ts";
import { bodyKind } from "./parameters.ts";
import { jsonResponse, refusalResponse, tokenBody } from "./respond.ts";
import { answerExchange, deploymentOf, placeOf, type RouteContext, sourceOf } from "./route.ts";

export function exchangeRoute(context: RouteContext): Promise<Response> {
  const { request, requestId, services } = context;
  return answerExchange(context, {
    read: () => readExchangeRequest(request, deploymentOf(services), placeOf(context)),
    granted(outcome) {
      const isForm = request.method === "POST" && bodyKind(request) === "form";
      const more = isForm ? {} : tokenBody(outcome, { requestId, nowMs: services.now() });
      return jsonResponse({ ...octoStsBody(outcome), ...more }, 200);
    },
    refused: (outcome) => refusalResponse(outcome, sourceOf(context)),
  });
}

/** All that the Chainguard SDK's HTTP client takes, which sends forms and refuses unknown keys. */
const octoStsBody = ({ token, expiresAt }: Granted) => ({ token, refreshToken: "", expiry: expiresAt });
