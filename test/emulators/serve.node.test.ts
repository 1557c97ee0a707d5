// The emulators as loopback servers.

import { afterEach, describe, expect, it } from "vitest";
import { createGitHub } from "./github.ts";
import { createIssuers } from "./oidc.ts";
import { type Served, serve } from "./serve.ts";

const open: Served[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function issuers(port = 0): Promise<{ served: Served; base: ReturnType<typeof createIssuers> }> {
  const base = createIssuers({ base: "http://127.0.0.1" });
  base.issuer("ci", { keys: ["ec"] });
  const served = await serve({ name: "the issuer", port, fetch: base.fetch });
  open.push(served);
  return { served, base };
}

describe("serve", () => {
  it("carries method, headers and body both ways", async () => {
    const github = createGitHub({ apiUrl: "http://127.0.0.1/api/v3" });
    const served = await serve({ name: "GitHub", port: 0, fetch: github.fetch });
    open.push(served);
    const headers = { "user-agent": "test", "content-type": "application/json" };
    const url = `${served.url}/api/v3/app/installations/1/access_tokens`;
    const response = await fetch(url, { method: "POST", headers, body: '{"permissions":{}}' });
    expect(response.status).toBe(401);
    expect(response.headers.get("x-ratelimit-limit")).toBe("60");
    expect(github.calls[0]).toMatchObject({ route: "gh.mint", body: '{"permissions":{}}', status: 401 });
  });

  it("says which port is taken, and by whom it is wanted", async () => {
    const { served } = await issuers();
    await expect(issuers(served.port)).rejects.toThrow(
      `port ${served.port} on 127.0.0.1 is taken; the issuer needs it`,
    );
  });

  it("breaks the connection for a cut body", async () => {
    const { served, base } = await issuers();
    base.fault({ route: "oidc.jwks", kind: "cut" });
    const response = await fetch(`${served.url}/ci/jwks`);
    await expect(response.text()).rejects.toThrow();
  });

  it("notices when the caller leaves a call that hangs", async () => {
    const { served, base } = await issuers();
    base.fault({ route: "oidc.jwks", kind: "hang" });
    const caller = new AbortController();
    const hanging = fetch(`${served.url}/ci/jwks`, { signal: caller.signal }).catch(() => "left");
    await expect.poll(() => base.calls.length).toBe(1);
    caller.abort();
    expect(await hanging).toBe("left");
    await expect.poll(() => base.calls[0]?.ended).toBe(2);
  });

  it("closes although a call hangs, and frees the port", async () => {
    const { served, base } = await issuers();
    base.fault({ route: "oidc.jwks", kind: "hang" });
    const hanging = fetch(`${served.url}/ci/jwks`).catch(() => "broken");
    await expect.poll(() => base.calls.length).toBe(1);
    await served.close();
    expect(await hanging).toBe("broken");
    await issuers(served.port);
  });
});
