// The outside world of a process that is measured: what the emulators answered once is played back as bytes, so that neither of
// the two cores that a small machine has is busy with anything but the process and its load. GitHub, an issuer and KV on loopback.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Network } from "../../support/network.ts";

/** A call as it is sent again by a floor. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A policy's file, whose text and place differ from those of the one that was recorded. */
interface PolicyFile {
  readonly path: string;
  readonly text: string;
}

export class Outside {
  readonly network: Network;
  /** Since it was emptied last: of GitHub and issuers, and of KV ("GET key"). */
  calls: Call[] = [];
  kvCalls: Call[] = [];
  readonly kvAddress: string;
  readonly #servers: readonly Server[];
  readonly #heard = new Map<string, Answer>();
  readonly #kv = new Map<string, string>();
  #policyOf: ((path: string) => PolicyFile | undefined) | undefined;
  #tokens = 0;
  #open = 0;

  private constructor(servers: readonly [Server, Server]) {
    const [github, kv] = servers;
    this.#servers = servers;
    const apiUrl = `http://127.0.0.1:${portOf(github)}`;
    this.kvAddress = `127.0.0.1:${portOf(kv)}`;
    // As on an Enterprise Server, whose own workloads are the owner's.
    this.network = new Network({ apiUrl, issuerBase: `${apiUrl}/_services/token` });
    github.on("request", (asked, answer) => void this.#during(() => this.#answer(asked, answer)));
    kv.on("request", (asked, answer) => void this.#during(() => this.#answerAsKv(asked, answer)));
  }

  static async open(): Promise<Outside> {
    return new Outside([await listening(), await listening()]);
  }

  /** What was called so far; it can still be played back. */
  forget(): void {
    this.calls = [];
    this.kvCalls = [];
  }

  /** From now on what was heard is played back; `policyOf` makes files that nobody asked for before of one that was. */
  replay(policyOf: (path: string) => PolicyFile | undefined): void {
    this.#policyOf = policyOf;
  }

  /** Resolves once nothing was asked for some time: what goes on after answers is done. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet = this.#open === 0 ? quiet + 1 : 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #during(work: () => Promise<void>): Promise<void> {
    this.#open += 1;
    try {
      await work();
    } finally {
      this.#open -= 1;
    }
  }

  async #answer(asked: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", url: path = "/" } = asked;
    const body = method === "POST" ? await textOf(asked) : "";
    const name = `${method} ${path} ${body}`;
    const url = `${this.network.github.apiUrl}${path}`;
    if (!this.#policyOf) this.calls.push({ method, url, ...(body !== "" && { body }) });
    const known = this.#policyOf ? (this.#heard.get(name) ?? this.#answerLike(path)) : undefined;
    // What comes later than all that was heard at the start: an allow-list that is read anew by itself, say.
    const answer = known ?? (await this.#asked(asked, url, body));
    if (!known) this.#heard.set(name, answer);
    const text = this.#policyOf ? this.#withNewToken(answer.text) : answer.text;
    send(outgoing, { ...answer, text });
  }

  /** The emulators' own answer. */
  async #asked({ method = "GET", headers: sent }: IncomingMessage, url: string, body: string): Promise<Answer> {
    const headers = new Headers();
    for (const [name, value] of Object.entries(sent)) if (typeof value === "string") headers.set(name, value);
    const request = new Request(url, { method, headers, ...(body !== "" && { body }), redirect: "manual" });
    const response = await this.network.fetch(request);
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
  }

  #answerLike(path: string): Answer | undefined {
    const file = this.#policyOf?.(path);
    const [recorded] = [...this.#heard].find(([name]) => name.includes("/contents/") && name.includes("new-0")) ?? [];
    const like = recorded === undefined ? undefined : this.#heard.get(recorded);
    if (!file || !like) return undefined;
    const { text } = file;
    const size = Buffer.byteLength(text);
    const sha = createHash("sha1").update(`blob ${size}\0${text}`).digest("hex");
    const content = Buffer.from(text).toString("base64");
    const fields: object = JSON.parse(like.text);
    return { ...like, text: JSON.stringify({ ...fields, path: file.path, sha, size, content }) };
  }

  /** No two mints give the same token. */
  #withNewToken(text: string): string {
    this.#tokens += 1;
    return text.replace(/"token":"ghs_[^"]{12}/, `"token":"ghs_${String(this.#tokens).padStart(12, "0")}`);
  }

  /** `POST /bulk/get`: many keys in one operation. */
  #allOf(body: string): string {
    // What workerd sends.
    const { keys } = JSON.parse(body) as { keys: readonly string[] };
    return `{${keys.map((key) => `${JSON.stringify(key)}:${this.#kv.get(key) ?? "null"}`).join()}}`;
  }

  async #answerAsKv(asked: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = asked;
    const key = decodeURIComponent(url.split("?", 1)[0]?.slice(1) ?? "");
    const body = method === "GET" ? "" : await textOf(asked);
    if (!this.#policyOf) this.kvCalls.push({ method, url: key, ...(method === "POST" && { body }) });
    if (method === "PUT") this.#kv.set(key, body);
    const value = method === "POST" ? this.#allOf(body) : method === "GET" ? this.#kv.get(key) : "";
    send(outgoing, { status: value === undefined ? 404 : value === "" ? 204 : 200, headers: {}, text: value ?? "" });
  }
}

function send(outgoing: ServerResponse, { status, headers, text }: Answer): void {
  const length = status === 204 ? {} : { "content-length": String(Buffer.byteLength(text)) };
  outgoing.writeHead(status, { ...headers, ...length });
  outgoing.end(status === 204 ? undefined : text);
}

async function textOf(asked: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of asked) text += chunk;
  return text;
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address.port;
}
