/**
 * The Hono app: routes, request ids, and what every answer carries. No route decides anything about an exchange.
 */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { describeBug } from "./bug.ts";
import type { Env } from "./config/reader.ts";
import { type RegistrationContext, registeredRoute } from "./http/app-registration.ts";
import { assetRoute } from "./http/assets.ts";
import { documentRoute, exampleRoute } from "./http/documents.ts";
import { healthRoute, readyRoute } from "./http/health.ts";
import { metadataRoute, tokenRoute } from "./http/oauth-token.ts";
import { pageRoute } from "./http/page.ts";
import { reasonRoute } from "./http/reasons.ts";
import { NOT_FOUND, plainRefusal, refusalResponse } from "./http/respond.ts";
import { revokeRoute } from "./http/revoke.ts";
import type { RouteContext } from "./http/route.ts";
import { SCHEMAS, schemaRoute } from "./http/schemas.ts";
import { exchangeRoute } from "./http/sts-exchange.ts";
import { webhookRoute } from "./http/webhook.ts";
import type { Setup } from "./services.ts";

type AppEnv = { Bindings: Env; Variables: { requestId: string } };
/** Methods of what changes nothing. */
const READ = ["GET", "HEAD"];

type Handler = (context: Context<AppEnv>) => Response | Promise<Response>;

type AddRoute = (path: string, methods: readonly string[], handler: Handler) => void;

/** `setup` is called once per request and settles once per isolate; `log` takes what no exchange accounts for. */
export function createApp(setup: (env: Env) => Setup, log: (line: string) => void): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    const requestId = crypto.randomUUID();
    context.set("requestId", requestId);
    await next();
    context.res.headers.set("X-Request-Id", requestId);
  });
  const route: AddRoute = (path, methods, handler) => {
    app.all(path, (context) => {
      const { method } = context.req.raw;
      // The small router also takes a final slash, which octo-sts does not know.
      const isOther = path.includes(":") ? context.req.path.endsWith("/") : context.req.path !== path;
      if (isOther) return plainRefusal(NOT_FOUND, context.get("requestId"));
      if (methods.includes(method)) return registered(handler(context), context);
      const requestId = context.get("requestId");
      return plainRefusal(METHOD_NOT_ALLOWED, requestId, { Allow: methods.join(", ") });
    });
  };
  const served =
    (handler: (context: RouteContext) => Promise<Response>): Handler =>
    (context) => {
      const requestId = context.get("requestId");
      const made = setup(context.env);
      if (!made.ok) return misconfigured(made, requestId);
      const waitUntil = (work: Promise<unknown>) => context.executionCtx.waitUntil(work);
      return handler({ request: context.req.raw, requestId, services: made.services, waitUntil });
    };

  route("/", READ, (context) => pageRoute(askedOf(context), setup(context.env)));
  route("/assets/:name", READ, (context) => assetRoute(askedOf(context), context.req.param("name") ?? ""));
  // HEAD is not GET here: it would use up the code.
  route("/app/registered", ["GET"], (context) => registeredRoute(askedOf(context), setup(context.env)));
  route("/healthz", READ, (context) => healthRoute(context.get("requestId")));
  route("/readyz", READ, (context) => readyRoute(context.req.raw, { ...askedOf(context), setup: setup(context.env) }));
  // HEAD is not GET here: it would mint a token that nobody reads.
  route("/sts/exchange", ["GET", "POST"], served(exchangeRoute));
  route(
    "/sts/exchange_refresh_token",
    ["POST"],
    served(async ({ requestId }) => plainRefusal(NO_REFRESH, requestId)),
  );
  route("/oauth2/token", ["POST"], served(tokenRoute));
  route("/.well-known/oauth-authorization-server", READ, served(metadataRoute));
  route("/sts/revoke", ["POST"], served(revokeRoute));
  route("/webhook", ["POST"], served(webhookRoute));
  addDocuments(route);
  app.notFound((context) => plainRefusal(NOT_FOUND, context.get("requestId")));
  app.onError((bug, context) => {
    const requestId = context.get("requestId");
    log(JSON.stringify({ type: "bug", request_id: requestId, path: context.req.path, ...describeBug(bug) }));
    return refusalResponse({ denial: { reason: "internal" }, viewer: "unverified" }, { requestId, domain: undefined });
  });
  return app;
}

/** What is public, the same for everyone, and there whether or not the configuration is right. */
function addDocuments(route: AddRoute): void {
  route("/reasons", READ, (context) => reasonRoute(askedOf(context), undefined));
  route("/reasons/:reason", READ, (context) => reasonRoute(askedOf(context), context.req.param("reason") ?? ""));
  for (const path of ["/reference", "/reference/examples"]) {
    route(path, READ, (context) => documentRoute(askedOf(context), `${path}.html`));
  }
  route("/reference/examples/:kind", READ, (context) =>
    exampleRoute(askedOf(context), context.req.param("kind") ?? ""),
  );
  for (const name of SCHEMAS.keys()) route(`/schemas/${name}`, READ, (context) => schemaRoute(askedOf(context), name));
}

const askedOf = (context: Context<AppEnv>): RegistrationContext => ({
  request: context.req.raw,
  env: context.env,
  requestId: context.get("requestId"),
  waitUntil: (work) => context.executionCtx.waitUntil(work),
});

/** A caller who leaves ends nothing half done: places that are counted are given back at the end, and no token is forgotten. */
function registered(
  answer: Response | Promise<Response>,
  { executionCtx }: Context<AppEnv>,
): Response | Promise<Response> {
  // What fails is told by `onError`.
  if (answer instanceof Promise) executionCtx.waitUntil(answer.catch(() => undefined));
  return answer;
}

const METHOD_NOT_ALLOWED = { status: 405, code: 12, message: "Method Not Allowed" };
const NO_REFRESH = { status: 501, code: 12, message: "octo-sts does not support refresh tokens" };

function misconfigured({ problems }: Extract<Setup, { ok: false }>, requestId: string): Response {
  const variables = [...new Set(problems.map(({ variable }) => variable))];
  const denial = { reason: "misconfigured", variables } as const;
  return refusalResponse({ denial, viewer: "unverified" }, { requestId, domain: undefined });
}
