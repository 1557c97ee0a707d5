// The built folder for a server of one's own: what it serves and reaches, what it keeps, and how it ends.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isGrantMint } from "../support/apps.ts";
import { AUTHORITY, CERTIFICATE, CERTIFICATE_KEY } from "../support/workerd/certificates.ts";
import { sendRaw } from "../support/workerd/clients.ts";
import { type RunningServer, ServerFolder } from "../support/workerd/server.ts";
import { openWorkerd, until, type WorkerdOptions, type WorkerdWorld } from "../support/workerd.ts";

type Variables = Readonly<Record<string, string>>;

/** EX_CONFIG of sysexits(3). */
const WRONG_CONFIGURATION = 78;

let folder: ServerFolder;
let authorityFile: string;
const opened: WorkerdWorld[] = [];

beforeAll(async () => {
  folder = await ServerFolder.build();
  authorityFile = join(folder.dataPath, "authority.pem");
  await writeFile(authorityFile, AUTHORITY);
});

afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

afterAll(() => folder.remove());

interface Opened {
  readonly world: WorkerdWorld;
  readonly server: RunningServer;
  /** What it was started with. */
  readonly variables: Variables;
}

async function open(own: Variables = {}, options: WorkerdOptions & { readonly before?: string } = {}): Promise<Opened> {
  const found: { server?: RunningServer; variables: Variables } = { variables: {} };
  const data = await folder.newData();
  const world = await openWorkerd({
    ...options,
    start: async (settings) => {
      found.variables = { DATA_DIR: data, ...settings, ...own };
      found.server = await folder.start(found.variables, options.before);
      return found.server;
    },
  });
  opened.push(world);
  if (found.server === undefined) throw new Error("nothing was started");
  return { world, server: found.server, variables: found.variables };
}

const pathsOf = (world: WorkerdWorld): string[] => world.network.calls.map(({ url }) => new URL(url).pathname);

describe("the folder", () => {
  it("serves exchanges, refusals, webhooks and health, with one JSON line an event", async () => {
    // What a machine's environment has as well stops nothing.
    const others = {
      HOME: "/",
      GITHUB_REPOSITORY: "acme/app",
      GITHUB_ACTOR_ID: "1",
      CF_ACCOUNT_ID: "x",
      "odd.name": "x",
    };
    const { world, variables } = await open({ ...others, GITHUB_WEBHOOK_SECRET: "a secret of the App's webhook" });
    const granted = await world.ask();
    expect(granted.status).toBe(200);
    expect(await granted.json()).toMatchObject({ permissions: { issues: "write" } });
    const refused = await world.ask(world.target("nobody"));
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ reason: "not_found" });
    const forged = await world.ask("/webhook", { method: "POST", body: "{}" });
    expect(forged.status).toBe(401);
    expect((await folder.run(["health"], variables)).code).toBe(0);
    expect(await folder.run(["check"], variables)).toEqual({ code: 0, output: "" });
    const ids = [granted, refused].map(({ headers }) => headers.get("X-Request-Id"));
    const events = await Promise.all(ids.map((id) => world.auditOf("request_id", id)));
    expect(events.map(({ outcome }) => outcome)).toEqual(["granted", "refused"]);
    expect(world.audits()).toHaveLength(2);
  });

  it("serves the page from the folder beside it, and nothing else of the disk", async () => {
    const { world } = await open();
    const get = (path: string) => world.ask(path, { headers: { Accept: "text/html" } });
    const document = await get("/");
    expect(document.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    const html = await document.text();
    expect(html).toContain(`"domain":"${world.domain}"`);
    for (const [, path = ""] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      const file = await get(path);
      expect([path, file.status]).toEqual([path, 200]);
      expect(file.headers.get("Content-Type")).toMatch(path.endsWith(".js") ? /^text\/javascript/ : /^image\/svg/);
      await file.body?.cancel();
    }
    for (const [path, type] of [
      ["/reasons/internal", "text/html; charset=utf-8"],
      ["/reference/examples/gitlab", "text/html; charset=utf-8"],
      ["/schemas/policy.json", "application/schema+json; charset=utf-8"],
    ] as const) {
      const document = await get(path);
      expect([path, document.status, document.headers.get("Content-Type")]).toEqual([path, 200, type]);
      await document.body?.cancel();
    }
    // The folder itself, what lies beside it, and ways out of it.
    for (const target of ["/assets/", "/index.html", "/assets/../../run", "/assets/..%2f..%2frun", "/..%2frun"]) {
      const { answer } = await sendRaw(world.port, { target, headers: { Accept: "text/html" } });
      expect([target, (await answer).split("\r\n", 1)[0]]).toEqual([target, "HTTP/1.1 404 Not Found"]);
    }
  });

  it("serves the page that registers an App while there is none, and says so; that is no right configuration yet", async () => {
    const { world, variables } = await open({ GITHUB_APP_ID: "", GITHUB_APP_PRIVATE_KEY: "" });
    const document = await world.ask("/", { headers: { Accept: "text/html" } });
    expect(await document.text()).toContain('"state":"no_app"');
    expect((await world.ask("/readyz")).status).toBe(503);
    const { code, output } = await folder.run(["check"], variables);
    expect(output).toContain(`octo-sts: there is no GitHub App yet: https://${world.domain}/ registers one`);
    expect(code).toBe(WRONG_CONFIGURATION);
  });

  it("finds what it kept after a restart: no discovery, no read", async () => {
    const { world, server } = await open();
    await world.ask();
    await server.end();
    const before = world.network.calls.length;
    const revived = await world.revive();
    opened.push(revived);
    expect((await revived.ask()).status).toBe(200);
    expect(pathsOf(world).slice(before)).toEqual([expect.stringMatching(/access_tokens$/)]);
  });

  it("serves on after it was killed in the midst of exchanges", async () => {
    const { world } = await open();
    expect((await world.ask()).status).toBe(200);
    const asked: Promise<number | "no answer">[] = [];
    // Ten at a time, 200 in all; killed after 80.
    const askInTurn = async (): Promise<void> => {
      while (asked.length < 200) {
        if (asked.length === 80) await world.kill();
        const answer = world.ask().then(({ status }) => status);
        asked.push(answer.catch(() => "no answer"));
        await asked.at(-1);
      }
    };
    await Promise.all(Array.from({ length: 10 }, askInTurn));
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200, "no answer"]));
    const revived = await world.revive();
    opened.push(revived);
    const before = world.network.calls.length;
    expect((await revived.ask()).status).toBe(200);
    expect((await revived.ask(world.target("nobody"))).status).toBe(404);
    expect(
      pathsOf(world)
        .slice(before)
        .filter((path) => path.includes("openid-configuration")),
    ).toEqual([]);
  });

  it("ends when told to, once everything is answered, revoked and logged", async () => {
    const { world, server } = await open();
    const told = Promise.withResolvers<void>();
    world.network.fault({ route: "gh.mint", match: '"issues"', kind: "delay", until: told.promise });
    world.network.fault({ route: "gh.revoke", kind: "delay", delayMs: 1_000 });
    const asked = Array.from({ length: 20 }, () => world.ask());
    await until(() => world.network.calls.filter(isGrantMint).length === asked.length);
    const ended = server.end();
    told.resolve();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200));
    await ended;
    expect(server.code).toBe(0);
    expect(world.audits()).toHaveLength(asked.length);
    expect(world.livingTokens()).toHaveLength(asked.length);
    await expect(fetch(`${world.url}/healthz`)).rejects.toThrow();
  });

  it("grants on while nothing can be kept any more", async () => {
    // As a full disk does: no file may grow beyond 32 KiB, and whoever tries is told so.
    const { world } = await open({}, { before: "trap '' XFSZ; ulimit -f 64" });
    for (let attempt = 0; attempt < 3; attempt++) expect((await world.ask()).status).toBe(200);
    await until(() => world.logs().some(({ type }) => type === "kv_failed"));
  });
});

describe("the caller's address", () => {
  const statuses = async (world: WorkerdWorld, address: string, count: number): Promise<readonly number[]> => {
    const headers = { "X-Forwarded-For": `192.0.2.1, ${address}`, Authorization: "Bearer of nothing" };
    const asked = Array.from({ length: count }, () => world.ask(world.target(), { headers }));
    return (await Promise.all(asked)).map(({ status }) => status);
  };

  it("is the peer's, whatever it claims to speak for", async () => {
    const { world } = await open();
    await statuses(world, "198.51.100.7", 70);
    expect(await statuses(world, "203.0.113.9", 1)).toEqual([429]);
  });

  it("is what a trusted proxy says", async () => {
    const { world } = await open({ TRUSTED_PROXIES: "127.0.0.0/8, ::1" });
    await statuses(world, "198.51.100.7", 70);
    expect(await statuses(world, "198.51.100.7", 1)).toEqual([429]);
    expect(await statuses(world, "203.0.113.9", 1)).toEqual([400]);
  });
});

describe("a private GitHub and issuer behind an authority of one's own", () => {
  const tls = { key: CERTIFICATE_KEY, cert: CERTIFICATE };
  const named = { ALLOW_LOOPBACK: "false", PRIVATE_HOSTS: "localhost" };

  it("are asked where both are named", async () => {
    const { world } = await open({ ...named, CA_FILE: authorityFile }, { tls });
    expect((await world.ask()).status).toBe(200);
  });

  it.each<[string, number, Variables]>([
    ["that no setting names", 400, { ALLOW_LOOPBACK: "false" }],
    ["whose authority nobody knows", 503, named],
  ])("are not reached %s", async (_name, status, variables) => {
    const { world } = await open(variables, { tls });
    expect((await world.ask()).status).toBe(status);
    expect(world.network.calls).toEqual([]);
  });
});

describe("a wrong configuration is told before it listens:", () => {
  it.each<[string, Variables, string]>([
    ["a variable of the Worker", { STS_DOMAIN: "https://sts.example.com" }, "STS_DOMAIN "],
    ["a secret's file that is not there", { GITHUB_APP_PRIVATE_KEY_FILE: "/nowhere" }, "GITHUB_APP_PRIVATE_KEY_FILE "],
    ["a key that is none", { GITHUB_APP_PRIVATE_KEY: "nonsense" }, "GITHUB_APP_PRIVATE_KEY "],
    ["no number", { PORT: "http" }, "PORT "],
    ["no address", { LISTEN: "everywhere" }, "LISTEN "],
    ["proxies that are no networks", { TRUSTED_PROXIES: "10.0.0.0/8 example.com" }, "TRUSTED_PROXIES "],
    ["hosts with ports", { PRIVATE_HOSTS: "ghes.example:443" }, "PRIVATE_HOSTS "],
    ["no certificates", { CA_FILE: "/etc/hostname" }, "CA_FILE "],
    ["a folder that cannot be", { DATA_DIR: "/dev/null/data" }, "DATA_DIR "],
    ["nearly the name of a variable", { ALLOWED_OWNER: "s3cr3t" }, "ALLOWED_OWNER must be ALLOWED_OWNERS"],
    ["nearly that of a setting of the server", { TRUSTED_PROXY: "s3cr3t" }, "TRUSTED_PROXY must be TRUSTED_PROXIES"],
    ["a file for what is no secret", { ALLOWED_OWNERS_FILE: "s3cr3t" }, "ALLOWED_OWNERS_FILE is not read"],
  ])("%s", async (_name, variables, told) => {
    const right = { STS_DOMAIN: "sts.example.com", GITHUB_APP_ID: "7", GITHUB_APP_PRIVATE_KEY: "x" };
    for (const args of [[], ["check"]]) {
      const { code, output } = await folder.run(args, { ...right, ...variables });
      expect(output).toContain(`octo-sts: ${told}`);
      expect(output).not.toContain("s3cr3t");
      expect(code).toBe(WRONG_CONFIGURATION);
    }
  });
});
