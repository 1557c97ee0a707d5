/** `GET /`, `/healthz`, `/readyz`: whether the service lives, and whether it could serve. */

import type { AuditDelivery } from "../audit/delivery.ts";
import type { ReadyCheck } from "../github/readiness.ts";
import { EXCHANGE_DEADLINE_MS } from "../limits.ts";
import type { Setup } from "../services.ts";
import { Deadline } from "../store/deadline.ts";
import { sha256 } from "../store/digest.ts";
import { readBearer } from "./fields.ts";
import { jsonResponse } from "./respond.ts";

/** octo-sts answers one key `msg` here. */
export function rootRoute(requestId: string): Response {
  const msg =
    "octo-sts at the edge: exchange OIDC tokens for GitHub tokens at /sts/exchange; documentation: the README";
  return jsonResponse(
    { msg, exchange: "/sts/exchange", health: "/healthz", ready: "/readyz", request_id: requestId },
    200,
  );
}

export function healthRoute(requestId: string): Response {
  return jsonResponse({ status: "ok", request_id: requestId }, 200);
}

/**
 * Configuration parses, each App has a key that GitHub takes and can read policies, our clock is GitHub's, and grants can be recorded
 * where they must be. With READY_TOKEN as bearer it says what is wrong; everyone else learns ready or not, and the names of wrong
 * variables.
 */
export async function readyRoute(
  request: Request,
  { requestId, setup, waitUntil }: { requestId: string; setup: Setup; waitUntil: (work: Promise<unknown>) => void },
): Promise<Response> {
  if (!setup.ok) {
    const variables = [...new Set(setup.problems.map(({ variable }) => variable))];
    const isTrusted = await mayKnowMore(request, setup.readyToken);
    return jsonResponse(
      { ready: false, variables, ...(isTrusted && { problems: setup.problems }), request_id: requestId },
      503,
    );
  }
  const { services } = setup;
  const report = await services.readiness.report({ deadline: new Deadline(EXCHANGE_DEADLINE_MS), waitUntil });
  const { warnings } = report;
  const checks = [...report.checks, ...auditCheck(services.audit)];
  const ready = checks.every(({ ok }) => ok);
  const isTrusted = await mayKnowMore(request, services.config.readyToken);
  const details = { checks, warnings: [...warnings, ...services.warnings], audit: services.audit.losses };
  return jsonResponse({ ready, ...(isTrusted && details), request_id: requestId }, ready ? 200 : 503);
}

/** Of this isolate, without asking the sink: every grant that would be refused has asked it. */
function auditCheck({ isRequired, pausedMs }: AuditDelivery): ReadyCheck[] {
  if (!isRequired) return [];
  if (pausedMs === 0) return [{ name: "audit", ok: true }];
  return [{ name: "audit", ok: false, problem: "the sink of AUDIT_REQUIRED takes nothing: no token is handed out" }];
}

async function mayKnowMore(request: Request, readyToken: string | undefined): Promise<boolean> {
  const bearer = readBearer(request.headers);
  return bearer.ok && readyToken !== undefined && (await sameText(bearer.value, readyToken));
}

/** Digests have one length, so the comparison tells nothing of the secret's. */
async function sameText(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(one), sha256(other)]);
  return left.reduce((difference, byte, index) => difference | (byte ^ (right[index] ?? 0)), 0) === 0;
}
