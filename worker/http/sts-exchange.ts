/** `GET|POST /sts/exchange`: octo-sts's own wire, and grants in other forms for shells and git. */
import type { Granted } from "../exchange/outcome.ts";
import type { Format } from "./extensions.ts";
import { readExchangeRequest } from "./fields.ts";
import { bodyKind } from "./parameters.ts";
import { jsonResponse, refusalResponse, textResponse, tokenBody } from "./respond.ts";
import { answerExchange, deploymentOf, placeOf, type RouteContext, sourceOf } from "./route.ts";

export function exchangeRoute(context: RouteContext): Promise<Response> {
  const { request, requestId, services } = context;
  let format: Format = "json";
  return answerExchange(context, {
    route: "/sts/exchange",
    async read() {
      const asked = await readExchangeRequest(request, deploymentOf(services), placeOf(context));
      if (asked.ok) format = asked.value.format;
      return asked;
    },
    granted(outcome) {
      if (format === "token") return textResponse([outcome.token]);
      if (format === "git-credential") return textResponse(credentialLines(outcome));
      const isForm = request.method === "POST" && bodyKind(request) === "form";
      const more = isForm ? {} : tokenBody(outcome, { requestId, nowMs: services.now(), webUrl: services.webUrl });
      return jsonResponse({ ...octoStsBody(outcome), ...more }, 200);
    },
    refused: (outcome) => refusalResponse(outcome, sourceOf(context)),
  });
}

/** All that the Chainguard SDK's HTTP client takes, which sends forms and refuses unknown keys. */
const octoStsBody = ({ token, expiresAt }: Granted) => ({ token, refreshToken: "", expiry: expiresAt });

/** git-credential(1), "INPUT/OUTPUT FORMAT". A token is visible ASCII and an expiry digits, so that no line can bring another. */
const credentialLines = ({ token, expiresAt }: Granted): readonly string[] => [
  "username=x-access-token",
  `password=${token}`,
  `password_expiry_utc=${Math.floor(Date.parse(expiresAt) / 1000)}`,
];
