// GitHub's git over HTTPS for the repositories of an emulated GitHub: the real git behind the "smart" protocol
// (https://git-scm.com/docs/http-protocol), with basic authentication whose password is an installation token. Without credentials,
// or with wrong ones, it is 401; a repository that the token does not see is 404, a push that it may not make 403.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { atLeast, covered } from "./github/route.ts";
import { findRepository, type MintedToken } from "./github/state.ts";
import type { GitHub } from "./github.ts";
import { type Served, serve } from "./serve.ts";

/** Nothing of the person's own settings, no question asked, and all that is said in English. */
export const gitEnvironment = (home: string): NodeJS.ProcessEnv => ({
  ...process.env,
  LC_ALL: "C",
  HOME: home,
  XDG_CONFIG_HOME: home,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
});

const SERVICES = { "git-upload-pack": "read", "git-receive-pack": "write" } as const;
type Service = keyof typeof SERVICES;

const isService = (name: string): name is Service => Object.hasOwn(SERVICES, name);

/** RFC 7617: what stands behind the colon. */
function passwordOf(request: Request): string | undefined {
  const [, encoded] = /^basic (\S+)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
  return encoded === undefined ? undefined : /:(.*)$/s.exec(Buffer.from(encoded, "base64").toString())?.[1];
}

const plain = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(`${text}\n`, { status, headers: { "Content-Type": "text/plain", ...headers } });

export class GitHost {
  readonly #github: GitHub;
  readonly #root = mkdtempSync(join(tmpdir(), "octo-sts-git-"));
  #served: Served | undefined;
  /** Status and path of every request, in order. */
  readonly answered: string[] = [];

  constructor(github: GitHub) {
    this.#github = github;
  }

  static async open(github: GitHub): Promise<GitHost> {
    const host = new GitHost(github);
    host.#served = await serve({ name: "the emulated git host", port: 0, fetch: (request) => host.#answer(request) });
    return host;
  }

  get url(): string {
    return this.#served?.url ?? "";
  }

  async close(): Promise<void> {
    await this.#served?.close();
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** A repository with one commit on main. */
  add(fullName: string, readme: string): void {
    const directory = this.#directoryOf(fullName);
    const run = (args: readonly string[], input = ""): void => {
      const { status, stderr } = spawnSync("git", args, { input, env: gitEnvironment(this.#root), encoding: "utf8" });
      if (status !== 0) throw new Error(stderr);
    };
    run(["init", "--quiet", "--bare", "--initial-branch=main", directory]);
    const commit = ["commit refs/heads/main", "committer o <o@example.com> 0 +0000", "data 5", "first"];
    const file = ["M 100644 inline README.md", `data ${Buffer.byteLength(readme)}`, readme, ""];
    run(["--git-dir", directory, "fast-import", "--quiet"], [...commit, ...file].join("\n"));
  }

  #directoryOf(fullName: string): string {
    return join(this.#root, `${fullName.toLowerCase().replace("/", "+")}.git`);
  }

  async #answer(request: Request): Promise<Response> {
    const response = await this.#judge(request);
    this.answered.push(`${response.status} ${new URL(request.url).pathname}`);
    return response;
  }

  async #judge(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, owner = "", name = "", rest = ""] = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(.+)$/.exec(pathname) ?? [];
    const service = rest === "info/refs" ? (searchParams.get("service") ?? "") : rest;
    if (!isService(service)) return plain(404, "Not Found");
    const token = this.#tokenOf(passwordOf(request));
    if (token === undefined) return plain(401, "Bad credentials", { "WWW-Authenticate": 'Basic realm="GitHub"' });
    const repository = findRepository(this.#github.state, owner, name);
    const isSeen = repository !== undefined && covered(this.#github.state, token, repository);
    if (!isSeen || !atLeast(token.permissions.contents, "read")) return plain(404, "Repository not found.");
    if (!atLeast(token.permissions.contents, SERVICES[service]))
      return plain(403, `Permission to ${owner}/${name} denied`);
    return this.#serve(request, service, this.#directoryOf(`${owner}/${name}`), rest === "info/refs");
  }

  #tokenOf(password: string | undefined): MintedToken | undefined {
    const { tokens, state } = this.#github;
    return tokens.find(({ value, revoked, expiresAt }) => value === password && !revoked && expiresAt > state.now());
  }

  async #serve(request: Request, service: Service, directory: string, isRefs: boolean): Promise<Response> {
    const body = Buffer.from(await request.arrayBuffer());
    const input = request.headers.get("Content-Encoding") === "gzip" ? gunzipSync(body) : body;
    const options = isRefs ? ["--stateless-rpc", "--http-backend-info-refs"] : ["--stateless-rpc"];
    const env = { ...gitEnvironment(this.#root), GIT_PROTOCOL: request.headers.get("Git-Protocol") ?? "" };
    const child = spawn("git", [service.slice("git-".length), ...options, directory], { env });
    child.stdin.on("error", () => undefined).end(input);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(Buffer.from(chunk));
    const head = `# service=${service}\n`;
    const prefix = isRefs ? `${(head.length + 4).toString(16).padStart(4, "0")}${head}0000` : "";
    const type = `application/x-${service}-${isRefs ? "advertisement" : "result"}`;
    const answer = Buffer.concat([Buffer.from(prefix), ...chunks]);
    return new Response(new Uint8Array(answer), { headers: { "Content-Type": type, "Cache-Control": "no-cache" } });
  }
}
