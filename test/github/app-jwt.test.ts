// The App's JWT: its claims, its reuse, and what happens while a key is being rotated.

import { describe, expect, it } from "vitest";
import { AppJwts, jwtClaims } from "../../worker/github/app-jwt.ts";
import { APP_JWT_REUSED_MS } from "../../worker/limits.ts";
import { fromBase64Url } from "../emulators/core/base64.ts";
import { appKeys } from "../emulators/core/keys.ts";
import { appOf, createTestWorld } from "./world.ts";

const NOW = Date.UTC(2026, 4, 6, 12) + 999;

function partOf(jwt: string, index: number): unknown {
  return JSON.parse(new TextDecoder().decode(fromBase64Url(jwt.split(".")[index] ?? "")));
}

describe("claims", () => {
  it("are issued a minute ago and end nine minutes from now, in whole seconds", () => {
    const now = Math.floor(NOW / 1000);
    expect(jwtClaims("12", NOW)).toEqual({ iat: now - 60, exp: now + 540, iss: "12" });
  });

  it("are signed with RS256 by the App's key", async () => {
    const app = await appOf(12);
    const made = await new AppJwts(() => NOW).for(app);
    if (made === undefined) throw new Error("not signed");
    expect(partOf(made.jwt, 0)).toEqual({ alg: "RS256", typ: "JWT" });
    expect(partOf(made.jwt, 1)).toEqual(jwtClaims("12", NOW));
    const { publicKey } = await appKeys(0);
    const signed = new TextEncoder().encode(made.jwt.split(".").slice(0, 2).join("."));
    const signature = fromBase64Url(made.jwt.split(".")[2] ?? "");
    expect(await crypto.subtle.verify("RSASSA-PKCS1-v1_5", publicKey, signature, signed)).toBe(true);
  });
});

describe("reuse", () => {
  it("keeps one for eight minutes, per App", async () => {
    const clock = { now: NOW };
    const jwts = new AppJwts(() => clock.now);
    const [one, two] = [await appOf(1), await appOf(2)];
    const first = await jwts.for(one);
    expect(await jwts.for(two)).not.toEqual(first);
    clock.now += APP_JWT_REUSED_MS - 1;
    expect(await jwts.for(one)).toEqual(first);
    clock.now += 1;
    expect(await jwts.for(one)).not.toEqual(first);
  });

  it("signs anew when the clock was set back", async () => {
    const clock = { now: NOW };
    const jwts = new AppJwts(() => clock.now);
    const app = await appOf(1);
    const first = await jwts.for(app);
    clock.now -= 120_000;
    expect(await jwts.for(app)).not.toEqual(first);
  });

  it("signs anew once GitHub refused it", async () => {
    const clock = { now: NOW };
    const jwts = new AppJwts(() => clock.now);
    const app = await appOf(1);
    const first = await jwts.for(app);
    if (first === undefined) throw new Error("not signed");
    jwts.rejected(app, first);
    clock.now += 1000;
    expect(await jwts.for(app)).not.toEqual(first);
  });
});

describe("two keys", () => {
  it("uses the first until GitHub refuses it, and remembers", async () => {
    const jwts = new AppJwts(() => NOW);
    const app = await appOf(1, [0, 1]);
    const first = await jwts.for(app);
    if (first === undefined) throw new Error("not signed");
    expect(first.key).toBe(0);
    jwts.rejected(app, first);
    // A second request that was under way learns it of the same key: no step back.
    jwts.rejected(app, first);
    expect((await jwts.for(app))?.key).toBe(1);
  });

  it("skips a key that cannot be imported", async () => {
    const app = await appOf(1);
    const broken = Uint8Array.of(0x30, 0);
    const jwts = new AppJwts(() => NOW);
    expect((await jwts.for({ ...app, keys: [broken, ...app.keys] }))?.key).toBe(1);
    expect(await jwts.for({ ...app, id: "2", keys: [broken] })).toBeUndefined();
  });

  it("tries the second at once, and goes straight to it from then on", async () => {
    const { github, network, call } = await createTestWorld();
    const app = await appOf(1, [1, 0]);
    expect(await github.installations.find(app, { owner: "acme" }, call)).toMatchObject({ ok: true });
    expect(network.calls.map(({ status }) => status)).toEqual([401, 200]);
    github.installations.forget(app, "acme");
    await github.installations.find(app, { owner: "acme" }, call);
    expect(network.calls.map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  it("gives up when both are refused", async () => {
    const { github, network, call } = await createTestWorld();
    const app = await appOf(1, [1, 2]);
    const denial = { reason: "app_credentials_rejected", appId: "1" };
    expect(await github.getApp(app, call)).toEqual({ ok: false, denial });
    expect(network.calls.length).toBe(2);
  });
});

describe("GET /app", () => {
  it("says that GitHub takes the key", async () => {
    const { github, app, call } = await createTestWorld();
    expect(await github.getApp(app, call)).toMatchObject({ ok: true, value: { id: 1, slug: "app-1" } });
  });

  it("sends nothing when no key can sign", async () => {
    const { github, app, call, network } = await createTestWorld();
    const denial = { reason: "app_credentials_rejected", appId: "1" };
    expect(await github.getApp({ ...app, keys: [] }, call)).toEqual({ ok: false, denial });
    expect(network.calls.length).toBe(0);
  });
});
