// One exchange as octo-sts/action makes it, and what the token it brings can and cannot do; then one that is refused, and what the
// operator reads of it. Throws one line for whatever is not as it should be.

import type { Audit, AuditLog } from "./audit.ts";
import { type Demo, IDENTITY, SCOPE } from "./demo.ts";

export interface Shown {
  readonly expiry: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories: readonly string[];
  readonly policy: { readonly path: string; readonly sha: string };
  /** What GitHub answered to the token. */
  readonly read: { readonly status: number; readonly text: string };
  readonly write: { readonly status: number; readonly text: string };
  readonly refused: { readonly status: number; readonly message: string; readonly audit: Audit };
}

export const exchangeUrl = (domain: string): string =>
  `http://${domain}/sts/exchange?scope=${SCOPE}&scopes=${SCOPE}&identity=${IDENTITY}`;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`this went wrong: ${what}`);
}

async function textOf(url: string, init: RequestInit, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]) });
  return { status: response.status, text: await response.text() };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

const isText = (value: unknown): value is string => typeof value === "string";

function readAnswer(text: string): Omit<Shown, "read" | "write" | "refused"> & { readonly token: string } {
  const { token, expiry, permissions, repositories, policy } = parsed(text);
  must(isText(token) && token.startsWith("ghs_"), "the answer holds no token");
  must(isText(expiry) && Date.parse(expiry) > Date.now(), "the token's expiry is not in the future");
  must(isRecord(permissions) && Array.isArray(repositories), "the answer does not say what was granted");
  must(isRecord(policy) && isText(policy.path) && isText(policy.sha), "the answer names no policy");
  const granted = Object.entries(permissions).map(([name, level]): [string, string] => [name, String(level)]);
  return {
    token,
    expiry,
    permissions: Object.fromEntries(granted),
    repositories: repositories.map(String),
    policy: { path: policy.path, sha: policy.sha },
  };
}

interface Asking {
  readonly demo: Demo;
  readonly domain: string;
  readonly audits: AuditLog;
  readonly signal: AbortSignal;
}

/** The request of the action: a GET with the scope under both names, and nothing but the token in the headers. */
async function ask({ demo, domain, signal }: Asking, branch: string): Promise<{ status: number; text: string }> {
  const oidc = await textOf(demo.tokenUrl(branch), {}, signal);
  return textOf(exchangeUrl(domain), { headers: { Authorization: `Bearer ${oidc.text}` }, redirect: "follow" }, signal);
}

async function beRefused(asking: Asking): Promise<Shown["refused"]> {
  const { status, text } = await ask(asking, "feature");
  const { message, request_id: requestId } = parsed(text);
  must(status === 403 && isText(message) && isText(requestId), `a token for another branch was answered ${status}`);
  return { status, message, audit: await asking.audits.of(requestId) };
}

export async function exchangeAndUse(asking: Asking): Promise<Shown> {
  const { demo, signal } = asking;
  const answer = await ask(asking, "main");
  must(answer.status === 200, `the exchange was refused with ${answer.status}: ${parsed(answer.text).message}`);
  const { token, ...granted } = readAnswer(answer.text);
  const file = `${demo.githubUrl}/repos/${SCOPE}/contents/README.md`;
  const headers = { Authorization: `Bearer ${token}`, "User-Agent": "npm-start" };
  const read = await textOf(file, { headers: { ...headers, Accept: "application/vnd.github.raw+json" } }, signal);
  must(read.status === 200, `GitHub answered ${read.status} when the token read README.md`);
  const body = JSON.stringify({ message: "more than was granted", content: "bm8K" });
  const write = await textOf(file, { method: "PUT", headers, body }, signal);
  must(write.status === 403, `GitHub answered ${write.status} when the token wrote README.md, not 403`);
  return {
    ...granted,
    read: { status: read.status, text: read.text.trim() },
    write: { status: write.status, text: String(parsed(write.text).message) },
    refused: await beRefused(asking),
  };
}
