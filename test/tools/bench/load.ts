// Load on a loopback port: a few connections that are kept, on each one request after the other. Raw bytes over sockets, as a client of
// a library costs as much as what it measures.

import { connect, type Socket } from "node:net";

const CONNECTIONS = 8;

/** What is sent as the n-th, and the status that every answer must have. */
export interface Load {
  /** Path and query, and the bearer. */
  readonly asks: (n: number) => { readonly target: string; readonly bearer: string };
  readonly status: number;
}

/** Rejects with the first answer that has another status. Resolves to the wall time that it took, in ms. */
export async function send(port: number, { asks, status }: Load, count: number, from = 0): Promise<number> {
  const startedAt = performance.now();
  let next = from;
  const work = async () => {
    const connection = await Connection.open(port);
    try {
      while (next < from + count) {
        const { target, bearer } = asks(next++);
        const answer = await connection.ask(target, bearer);
        if (answer.status !== status) throw new Error(`${target} was answered: ${answer.status} ${answer.body}`);
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONNECTIONS, count) }, work));
  return performance.now() - startedAt;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** HTTP/1.1 as workerd answers texts: with a Content-Length. */
class Connection {
  readonly #socket: Socket;
  #received = "";
  #settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (chunk: string) => this.#take(chunk));
    const ended = () => this.#settle?.reject(new Error("the connection ended"));
    socket.once("close", ended).once("error", ended);
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: "127.0.0.1" });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new Connection(socket);
  }

  ask(target: string, bearer: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(
        `GET ${target} HTTP/1.1\r\nHost: sts.example.com\r\nUser-Agent: bench\r\nAuthorization: Bearer ${bearer}\r\n\r\n`,
      );
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = /^content-length: (\d+)$/im.exec(head)?.[1];
    if (length === undefined) {
      this.#settle?.reject(new Error(`an answer without its length: ${head}`));
      return;
    }
    const body = this.#received.slice(end + 4);
    if (body.length < Number(length)) return;
    this.#received = "";
    this.#settle?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}
