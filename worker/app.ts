/**
 * The Hono app: routes, request ids, and what every answer carries. No route decides anything about an exchange.
 */
import type { Context } from "hono";
import { HonoBase as Hono } from "hono/hono-base";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { describeBug } from "./bug.ts";
import type { Env } from "./config/reader.ts";
import type { AuditEvent } from "./event.ts";
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

type AppContext = Context<{ Bindings: Env }>;
/** Methods of what changes nothing. */
const READ = ["GET", "HEAD"];

type Handler = (context: AppContext, requestId: string) => Response | Promise<Response>;

type AddRoute = (path: string, methods: readonly string[], handler: Handler) => void;

/** `setup` is called once per request and settles once per isolate; `log` takes what no exchange accounts for. */
export function createApp(setup: (env: Env) => Setup, log: (line: string) => void): Hono<{ Bindings: Env }> {
  // It finds a path without a parameter in a table, and takes no final slash that the path does not have, as octo-sts takes none.
  const app = new Hono<{ Bindings: Env }>({ router: new RegExpRouter() });
  const route: AddRoute = (path, methods, handler) => {
    const routed = routedHandler(methods, handler);
    const isExchange = EXCHANGES.includes(path);
    app.all(path, (context) => {
      const answered = answer(context, routed, log);
      // A caller who leaves ends nothing half done: places that are counted are given back at the end, and no token is forgotten.
      if (!isExchange) context.executionCtx.waitUntil(answered);
      return answered;
    });
  };
  const served =
    (handler: (context: RouteContext) => Promise<Response>): Handler =>
    (context, requestId) => {
      const made = setup(context.env);
      if (!made.ok) return misconfigured(made, requestId);
      const waitUntil = (work: Promise<unknown>) => context.executionCtx.waitUntil(work);
      return handler({ request: context.req.raw, requestId, services: made.services, waitUntil });
    };

  route("/", READ, (context, id) => pageRoute(askedOf(context, id), setup(context.env)));
  route("/assets/:name", READ, (context, id) => assetRoute(askedOf(context, id), context.req.param("name") ?? ""));
  // HEAD is not GET here: it would use up the code.
  route("/app/registered", ["GET"], (context, id) => registeredRoute(askedOf(context, id), setup(context.env)));
  route("/healthz", READ, (_, id) => healthRoute(id));
  route("/readyz", READ, (context, id) => {
    return readyRoute(context.req.raw, { ...askedOf(context, id), setup: setup(context.env) });
  });
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
  app.notFound((context) => answer(context, (_, requestId) => plainRefusal(NOT_FOUND, requestId), log));
  return app;
}

/** Never rejects: what fails is told here. No middleware and no `onError`, as what each request passes through costs as much as a route's own work. */
async function answer(context: AppContext, handler: Handler, log: (line: string) => void): Promise<Response> {
  const requestId = crypto.randomUUID();
  let response: Response;
  try {
    response = await handler(context, requestId);
  } catch (bug) {
    log(JSON.stringify({ type: "bug", request_id: requestId, path: context.req.path, ...describeBug(bug) }));
    response = refusalResponse(
      { denial: { reason: "internal" }, viewer: "unverified" },
      { requestId, domain: undefined },
    );
  }
  response.headers.set("X-Request-Id", requestId);
  return response;
}

function routedHandler(methods: readonly string[], handler: Handler): Handler {
  return (context, requestId) => {
    if (methods.includes(context.req.raw.method)) return handler(context, requestId);
    return plainRefusal(METHOD_NOT_ALLOWED, requestId, { Allow: methods.join(", ") });
  };
}

/** What is public, the same for everyone, and there whether or not the configuration is right. */
function addDocuments(route: AddRoute): void {
  route("/reasons", READ, (context, id) => reasonRoute(askedOf(context, id), undefined));
  route("/reasons/:reason", READ, (context, id) =>
    reasonRoute(askedOf(context, id), context.req.param("reason") ?? ""),
  );
  for (const path of ["/reference", "/reference/examples"]) {
    route(path, READ, (context, id) => documentRoute(askedOf(context, id), `${path}.html`));
  }
  route("/reference/examples/:kind", READ, (context, id) =>
    exampleRoute(askedOf(context, id), context.req.param("kind") ?? ""),
  );
  for (const name of SCHEMAS.keys()) {
    route(`/schemas/${name}`, READ, (context, id) => schemaRoute(askedOf(context, id), name));
  }
}

const askedOf = (context: AppContext, requestId: string): RegistrationContext => ({
  request: context.req.raw,
  env: context.env,
  requestId,
  waitUntil: (work) => context.executionCtx.waitUntil(work),
});

/** Each registers itself, together with what follows its answer. */
const EXCHANGES: readonly string[] = ["/sts/exchange", "/oauth2/token"] satisfies AuditEvent["route"][];

const METHOD_NOT_ALLOWED = { status: 405, code: 12, message: "Method Not Allowed" };
const NO_REFRESH = { status: 501, code: 12, message: "octo-sts does not support refresh tokens" };

function misconfigured({ problems }: Extract<Setup, { ok: false }>, requestId: string): Response {
  const variables = [...new Set(problems.map(({ variable }) => variable))];
  const denial = { reason: "misconfigured", variables } as const;
  return refusalResponse({ denial, viewer: "unverified" }, { requestId, domain: undefined });
}
