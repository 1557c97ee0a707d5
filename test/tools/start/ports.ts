// Which ports `npm start` uses, and the check that they are free before anything is started. Opens sockets only to try.

import { createServer } from "node:net";

export interface Ports {
  readonly worker: number;
  /** Of its issuer too, as at an Enterprise Server. */
  readonly github: number;
}

/** The port that was bound for a moment; undefined when it is taken. */
function tryPort(port: number, hostname: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      // No IPv6 on this machine: then nobody can be in the way there.
      else if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") resolve(port);
      else reject(error);
    });
    server.listen({ port, host: hostname, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/** On the IPv4 loopback, now; nothing else asks for it in the same moment. */
export async function freePort(): Promise<number> {
  return (await tryPort(0, "127.0.0.1")) ?? 0;
}

/** Rejects with one clear line when one of the two is taken. */
export async function choosePorts(first: number): Promise<Ports> {
  if (first === 0) {
    return { worker: await freePort(), github: await freePort() };
  }
  const ports = { worker: first, github: first + 1 };
  const names = { worker: "the Worker", github: "the emulated GitHub" };
  for (const who of ["worker", "github"] as const) {
    const port = ports[who];
    // The Worker is asked by the name localhost, so a stranger on the IPv6 loopback would get its requests.
    for (const hostname of ["127.0.0.1", "::1"]) {
      if ((await tryPort(port, hostname)) === undefined) {
        throw new Error(
          `port ${port} is taken, and ${names[who]} needs it: choose others with npm start -- --port PORT`,
        );
      }
    }
  }
  return ports;
}
