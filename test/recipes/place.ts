// Where the recipes run: the real Worker, an emulated GitHub with its git, an emulated issuer for each kind of workload, a metadata
// server, and a machine whose other programs are stand-ins that take the documented words alone. Its policies and tokens are those of
// policies/examples, with the emulated issuer in the place of the real one.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GitHost, gitEnvironment } from "../emulators/git-http.ts";
import { type Served, serve } from "../emulators/serve.ts";
import { ROOT } from "../policies/cli/process.ts";
import { type Ended, execute } from "../support/command.ts";
import { openWorkerd, type WorkerdWorld } from "../support/workerd.ts";
import { FUNCTION } from "./document.ts";

const example = (folder: string, file: string): string =>
  readFileSync(join(ROOT, "policies/examples", folder, file), "utf8");

interface Deps {
  readonly world: WorkerdWorld;
  readonly git: GitHost;
  readonly metadata: Served;
  /** What the metadata server answers, by path and query. */
  readonly answers: Map<string, string>;
}

export class Place {
  readonly world: WorkerdWorld;
  readonly git: GitHost;
  readonly home = mkdtempSync(join(tmpdir(), "octo-sts-recipe-"));
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.world = deps.world;
    this.git = deps.git;
    this.#deps = deps;
    for (const name of ["bin", "sts"]) mkdirSync(join(this.home, name));
    this.putScript("curl", `printf '%s\\n' "$*" >> '${this.#heard}'\nPATH='${process.env.PATH}' exec curl "$@"\n`);
  }

  get #heard(): string {
    return join(this.home, "arguments");
  }

  /** What curl was called with: every user of a machine can read the arguments of its processes. */
  get curlArguments(): readonly string[] {
    return readFileSync(this.#heard, "utf8").trimEnd().split("\n");
  }

  async close(): Promise<void> {
    const { world, git, metadata } = this.#deps;
    await Promise.all([world.close(), git.close(), metadata.close()]);
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Puts the example's policy where its identity is looked for, and signs its token; claims over the example's. */
  async workload(folder: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const issuer = this.world.network.issuers.issuer(folder);
    const policy = example(folder, "policy.sts.yaml").replace(/^issuer: .*$/m, `issuer: ${issuer.url}`);
    const repository = /^repositories:/m.test(policy) ? "acme/.github" : "acme/app";
    this.putPolicy(folder, policy, repository);
    const { iss: _, iat: __, nbf: ___, exp: ____, ...own } = JSON.parse(example(folder, "claims.json"));
    return issuer.sign({ ...own, ...claims });
  }

  putPolicy(identity: string, text: string, repository = "acme/app"): void {
    this.world.network.github.putFile(repository, `.github/chainguard/${identity}.sts.yaml`, text);
  }

  /** A file of the machine; the path is the one that the recipe names. */
  putFile(path: string, text: string): void {
    writeFileSync(this.#local(path), text);
  }

  /** A program that prints this when it is called with these words, and fails for any other. */
  putProgram(words: string, output: string): void {
    const [name = "", ...args] = words.split(" ");
    this.putScript(
      name,
      `[ "$*" = '${args.join(" ")}' ] || { echo "$0 $*" >&2; exit 64; }\ncat <<'END'\n${output}\nEND\n`,
    );
  }

  putScript(name: string, lines: string): void {
    const path = join(this.home, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${lines}`);
    chmodSync(path, 0o755);
  }

  /** What the metadata server answers to the request with this header. */
  putMetadata(target: string, header: string, answer: string): void {
    this.#deps.answers.set(`${header} ${target}`, answer);
  }

  /** Runs the lines as they stand in the document, but for addresses and places that are emulated; then whatever is added. */
  run(lines: string, added = "", env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const script = `set -e\n${this.#local(`${FUNCTION}\n${lines}`)}\n${added}\n`;
    const PATH = `${join(this.home, "bin")}:${process.env.PATH}`;
    return execute("sh", ["-c", script], { cwd: this.home, env: { ...gitEnvironment(this.home), PATH, ...env } });
  }

  #local(text: string): string {
    const { metadata, git, world } = this.#deps;
    const places = {
      "https://sts.example.com": world.url,
      "http://metadata.google.internal": metadata.url,
      "http://169.254.169.254": metadata.url,
      "https://github.com": git.url,
      "credential.https://github.com": `credential.${git.url}`,
      "/var/run/secrets/sts/": `${this.home}/sts/`,
      "/etc/sts/": `${this.home}/sts/`,
    };
    return Object.entries(places).reduce((left, [real, emulated]) => left.replaceAll(real, emulated), text);
  }
}

export async function openPlace(): Promise<Place> {
  const world = await openWorkerd();
  const { github } = world.network;
  github.addRepository("acme/infrastructure");
  for (const { id } of github.state.installations) github.setPermissions(id, PERMISSIONS);
  const git = await GitHost.open(github);
  git.add("acme/app", "# The app of acme\n");
  const answers = new Map<string, string>();
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const flavour = ["Metadata-Flavor", "Metadata"].find((name) => request.headers.has(name)) ?? "";
    const text = answers.get(`${flavour}: ${request.headers.get(flavour)} ${pathname}${search}`);
    return text === undefined ? new Response("", { status: 404 }) : new Response(text);
  };
  return new Place({
    world,
    git,
    answers,
    metadata: await serve({ name: "the metadata server", port: 0, fetch: answer }),
  });
}

/** Whatever the examples grant. */
const PERMISSIONS = {
  administration: "write",
  contents: "write",
  deployments: "write",
  issues: "write",
  pull_requests: "write",
  statuses: "write",
};
