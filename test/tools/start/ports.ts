// Which ports `npm start` uses, and the check that they are free before anything is started. Opens sockets only to try.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export interface Ports {
  readonly worker: number;
  /** Of its issuer too, as at an Enterprise Server. */
  readonly github: number;
  /** To be called once both are listened on. */
  release(): void;
}

/** Whether it could be bound for a moment. */
function isFree(port: number, hostname: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      // No IPv6 on this machine: then nobody can be in the way there.
      else if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") resolve(true);
      else reject(error);
    });
    server.listen({ port, host: hostname, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface HeldPort {
  readonly port: number;
  release(): void;
}

/**
 * A port of the IPv4 loopback that the system gives to nobody else until it is released: a connection comes from it. Whoever asks for
 * this very port may listen there meanwhile (SO_REUSEADDR, as Node and workerd set it). Elsewhere than on Linux it is free, and not held.
 */
export async function holdPort(): Promise<HeldPort> {
  const server = createServer((other) => other.on("error", () => undefined).unref()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const to = typeof address === "object" && address !== null ? address.port : 0;
  const socket = connect({ port: to, host: "127.0.0.1", localAddress: "127.0.0.1" });
  await once(socket, "connect");
  const { localPort: port = 0 } = socket;
  const release = (): void => {
    socket.resetAndDestroy();
    server.close();
  };
  server.unref();
  socket.unref();
  if (process.platform !== "linux") release();
  return { port, release };
}

/** Rejects with one clear line when one of the two is taken. */
export async function choosePorts(first: number): Promise<Ports> {
  if (first === 0) {
    const [worker, github] = [await holdPort(), await holdPort()];
    const release = (): void => {
      worker.release();
      github.release();
    };
    return { worker: worker.port, github: github.port, release };
  }
  const ports = { worker: first, github: first + 1, release: () => undefined };
  const names = { worker: "the Worker", github: "the emulated GitHub" };
  for (const who of ["worker", "github"] as const) {
    const port = ports[who];
    // The Worker is asked by the name localhost, so a stranger on the IPv6 loopback would get its requests.
    for (const hostname of ["127.0.0.1", "::1"]) {
      if (!(await isFree(port, hostname))) {
        throw new Error(
          `port ${port} is taken, and ${names[who]} needs it: choose others with npm start -- --port PORT`,
        );
      }
    }
  }
  return ports;
}
