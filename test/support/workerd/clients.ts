// Clients that do what `fetch` never does: leave in the middle, close their half, never finish. Raw bytes over a socket.

import { connect, type Socket } from "node:net";

export interface RawRequest {
  readonly method?: string;
  /** Path and query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RawClient {
  readonly socket: Socket;
  /** Everything that came so far. */
  received(): string;
  /** What came by the time the server ended the connection; an empty text when it said nothing. */
  readonly answer: Promise<string>;
  /** A TCP reset: the caller is gone, at once. */
  reset(): void;
  /** Says that nothing more will be sent, and still waits for the answer (`shutdown(SHUT_WR)`). */
  halfClose(): void;
}

function bytesOf({ method = "GET", target, headers = {}, body }: RawRequest): string {
  const lines = Object.entries({ Host: "sts.example.com", Connection: "close", ...headers });
  if (body !== undefined && !("Content-Length" in headers)) {
    lines.push(["Content-Length", String(Buffer.byteLength(body))]);
  }
  return `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body ?? ""}`;
}

/** Connects and sends the request; a body may be shorter than its Content-Length says. */
export async function sendRaw(port: number, request: RawRequest): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString();
  });
  const answer = new Promise<string>((resolve) => {
    const done = () => resolve(received);
    socket.once("end", done).once("close", done).once("error", done);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  await new Promise<void>((resolve) => socket.write(bytesOf(request), () => resolve()));
  return {
    socket,
    received: () => received,
    answer,
    reset: () => void socket.resetAndDestroy(),
    halfClose: () => void socket.end(),
  };
}
