// A page for the browser of this machine, for as long as a step of `npm run setup` takes.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Page {
  readonly status: number;
  readonly html: string;
  /** Of its Content-Security-Policy, beside `default-src 'none'`. */
  readonly policy?: string;
}

export interface Loopback {
  /** Without a final slash. */
  readonly url: string;
  close(): void;
}

export type Serve = (answer: (url: URL) => Promise<Page>) => Promise<Loopback>;

/** Answers nobody who came by another name: a website may have its own name lead to this machine. */
export const serveLoopback: Serve = (answer) =>
  new Promise((resolve, reject) => {
    let url = "";
    const server = createServer((request, response) => {
      const asked = new URL(request.url ?? "/", url);
      const isOurs = request.method === "GET" && `http://${request.headers.host}` === url && asked.origin === url;
      const page = isOurs ? Promise.resolve(asked).then(answer) : Promise.resolve({ status: 403, html: "" });
      page.then(
        (made) => send(response, made),
        () => send(response, { status: 500, html: "" }),
      );
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      // A server that listens on a port has such an address.
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      resolve({
        url,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });

function send(response: ServerResponse, { status, html, policy }: Page): void {
  const rest = policy === undefined ? "form-action 'none'" : policy;
  response.writeHead(status, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; ${rest}`,
    "Cache-Control": "no-store",
    // GitHub is sent a form from here, as from any page: with no referrer at all its origin would be "null".
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(html);
}
