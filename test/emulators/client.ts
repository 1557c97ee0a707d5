// A small GitHub to ask questions of: one organisation, one user, one App. For the tests of the emulator itself.

import { appJwt } from "./core/app-jwt.ts";
import { appKeys } from "./core/keys.ts";
import { createGitHub, type GitHub, type GitHubOptions } from "./github.ts";

export const API = "https://api.github.com";
export const APP = 7;
export const INSTALLATION = 70;

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, else the text. */
  readonly body: unknown;
}

export interface AskOptions {
  readonly method?: string;
  readonly as?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Client {
  readonly github: GitHub;
  /** Milliseconds; write to it to let time pass. */
  readonly clock: { now: number };
  ask(path: string, options?: AskOptions): Promise<Asked>;
  /** Authorization of the App. */
  jwt(
    claims?: Readonly<Record<string, unknown>>,
    more?: { app?: number | string; alg?: string; slot?: number },
  ): Promise<string>;
  mint(body?: unknown, installation?: number): Promise<Asked>;
  /** Authorization of a fresh token; throws if the mint is refused. */
  token(body?: unknown, installation?: number): Promise<string>;
}

export const PERMISSIONS = { contents: "write", issues: "read", checks: "write", workflows: "write" };

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a test looks up in an answer: `at(body, "owner", "login")`. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = new Map<string, unknown>(Object.entries(here)).get(String(step));
  }
  return here;
}

async function populate(github: GitHub): Promise<void> {
  const { publicKey } = await appKeys();
  github.addOrganization("Acme", { id: 1 });
  github.addUser("octocat", { id: 2 });
  github.addOrganization("stranger", { id: 3 });
  github.addRepository("Acme/app", {
    id: 11,
    files: { "README.md": "# app\n", "src/a.ts": "a", "src/deep/b.ts": "b" },
  });
  github.addRepository("Acme/other", { id: 12, files: { "secret.txt": "s" } });
  github.addRepository("Acme/open", { id: 13, visibility: "public", files: { "a.txt": "open" } });
  github.addRepository("octocat/dotfiles", { id: 21 });
  github.addRepository("stranger/public", { id: 31, visibility: "public", files: { "a.txt": "public" } });
  github.addRepository("stranger/private", { id: 32, files: { "a.txt": "private" } });
  github.addApp({ id: APP, publicKeys: [publicKey] });
  github.install({ app: APP, owner: "Acme", permissions: PERMISSIONS, id: INSTALLATION });
}

export async function createClient(options: GitHubOptions = {}): Promise<Client> {
  const clock = { now: Date.now() };
  const github = createGitHub({ now: () => clock.now, ...options });
  await populate(github);
  async function ask(path: string, asked: AskOptions = {}): Promise<Asked> {
    const headers = new Headers({ "user-agent": "test", ...asked.headers });
    if (asked.as !== undefined) headers.set("authorization", asked.as);
    if (asked.accept !== undefined) headers.set("accept", asked.accept);
    const body =
      asked.body === undefined ? null : typeof asked.body === "string" ? asked.body : JSON.stringify(asked.body);
    const url = path.startsWith("https:") ? path : github.apiUrl + path;
    const response = await github.fetch(url, { method: asked.method ?? "GET", headers, body, redirect: "manual" });
    return { status: response.status, headers: response.headers, body: read(await response.text()) };
  }
  async function jwt(claims = {}, more: { app?: number | string; alg?: string; slot?: number } = {}): Promise<string> {
    return `Bearer ${await appJwt({ app: APP, nowMs: clock.now, claims, ...more })}`;
  }
  async function mint(body?: unknown, installation = INSTALLATION): Promise<Asked> {
    return ask(`/app/installations/${installation}/access_tokens`, { method: "POST", as: await jwt(), body });
  }
  async function token(body?: unknown, installation = INSTALLATION): Promise<string> {
    const minted = await mint(body, installation);
    if (minted.status !== 201) throw new Error(`mint refused: ${minted.status}`);
    return `Bearer ${at(minted.body, "token")}`;
  }
  return { github, clock, ask, jwt, mint, token };
}
