// Deliveries as GitHub makes them: payloads, headers, signatures. No world and no Worker.

import type { Commit, FileContent } from "../emulators/github/git.ts";
import { APP_ID } from "../support/apps.ts";
import { nextNumber } from "../support/numbers.ts";
import { DOMAIN } from "../support/workload.ts";

export const SECRET = "a-secret-of-GitHub-and-ours";
export const CHAINGUARD = ".github/chainguard";
export const ZERO = "0".repeat(40);

/** How a delivery differs from a genuine one. */
export interface Signing {
  readonly event?: string;
  readonly secret?: string;
  readonly delivery?: string;
  readonly appId?: string | null;
  /** Over those of a genuine delivery; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** The bytes that are sent in place of those that were signed. */
  readonly sent?: Uint8Array<ArrayBuffer> | string;
}

export const repositoryJson = (owner: string, name: string) => ({
  id: 1,
  name,
  full_name: `${owner}/${name}`,
  owner: { login: owner, id: 2 },
  default_branch: "main",
});

export const pullRequest = (repository: object, base: string, head: string, action = "opened") => ({
  action,
  number: 1,
  pull_request: { number: 1, head: { sha: head, ref: "topic" }, base: { sha: base, ref: "main" } },
  repository,
});

export function pushed(
  repository: object,
  branch: string,
  before: string,
  commit: Commit,
  files: Readonly<Record<string, FileContent | null>>,
) {
  const paths = (gone: boolean) => Object.keys(files).filter((path) => (files[path] === null) === gone);
  return {
    ref: `refs/heads/${branch}`,
    before,
    after: commit.sha,
    created: before === ZERO,
    deleted: false,
    forced: false,
    commits: [{ id: commit.sha, added: [], modified: paths(false), removed: paths(true) }],
    repository,
  };
}

export async function delivery(event: string, payload: unknown, signing: Signing = {}): Promise<Request> {
  const {
    secret = SECRET,
    delivery: id = `delivery-${nextNumber("delivery")}`,
    appId = String(APP_ID),
    sent,
    headers: more,
  } = signing;
  const body = typeof payload === "string" || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
  const headers = new Headers({
    "Content-Type": "application/json",
    "User-Agent": "GitHub-Hookshot/1",
    "X-GitHub-Event": event,
    "X-GitHub-Delivery": id,
    "X-GitHub-Hook-Installation-Target-Type": "integration",
    "X-Hub-Signature-256": `sha256=${await hmac(secret, body)}`,
  });
  if (appId !== null) headers.set("X-GitHub-Hook-Installation-Target-ID", appId);
  headers.set("Content-Length", String(bytesOf(sent ?? body).length));
  for (const [name, value] of Object.entries(more ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return new Request(`https://${DOMAIN}/webhook`, { method: "POST", headers, body: sent ?? body });
}

export const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body;

export async function hmac(secret: string, body: string | Uint8Array, hash = "SHA-256"): Promise<string> {
  const key = await crypto.subtle.importKey("raw", bytesOf(secret), { name: "HMAC", hash }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, bytesOf(body));
  return Array.from(new Uint8Array(signature), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
