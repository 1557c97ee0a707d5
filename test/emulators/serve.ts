// An emulator as a loopback server under Node: Request -> Response over node:http. The one file here that opens a socket.

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";

export interface Served {
  /** "http://127.0.0.1:8901" */
  readonly url: string;
  readonly port: number;
  /** Ends open connections too; nothing is left behind. */
  close(): Promise<void>;
}

export interface ServeOptions {
  /** Named in the error when the port is taken. */
  readonly name: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly hostname?: string;
  /** PEM; serves https then. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  readonly fetch: (request: Request) => Promise<Response>;
}

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return chunks.length === 0 ? null : new Uint8Array(Buffer.concat(chunks));
}

async function toRequest(incoming: IncomingMessage, origin: string, signal: AbortSignal): Promise<Request> {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const method = incoming.method ?? "GET";
  const body = method === "GET" || method === "HEAD" ? null : await bodyOf(incoming);
  return new Request(new URL(incoming.url ?? "/", origin).href, { method, headers, body, signal, redirect: "manual" });
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    outgoing.end();
    return;
  }
  const reader = response.body.getReader();
  outgoing.once("close", () => void reader.cancel().catch(() => undefined));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (outgoing.destroyed) return;
    if (!outgoing.write(value)) await drained(outgoing);
  }
  outgoing.end();
}

/** Or closed. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
  });
}

function listen(server: Server, options: ServeOptions, hostname: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new Error(`port ${options.port} on ${hostname} is taken; ${options.name} needs it`) : error);
    });
    server.listen(options.port, hostname, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : options.port);
    });
  });
}

/** Serves until closed. Rejects with one clear line if the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const hostname = options.hostname ?? "127.0.0.1";
  let origin = "";
  const listener: RequestListener = (incoming, outgoing) => {
    const controller = new AbortController();
    outgoing.once("close", () => controller.abort(new DOMException("the caller left", "AbortError")));
    toRequest(incoming, origin, controller.signal)
      .then((request) => options.fetch(request))
      .then((response) => send(response, outgoing))
      // A fault that breaks the connection, or a caller who left. What was written still goes out, so that a cut body
      // arrives as one.
      .catch(() => (outgoing.headersSent ? outgoing.socket?.end() : outgoing.destroy()));
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  const port = await listen(server, options, hostname);
  origin = `${options.tls ? "https" : "http"}://${hostname}:${port}`;
  return {
    url: origin,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
