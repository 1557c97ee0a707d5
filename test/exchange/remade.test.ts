// A policy belongs to a repository, not to a name: whoever holds the name later gets nothing by what was remembered under it.

import { beforeEach, describe, expect, it } from "vitest";
import { APP_ID, PERMISSIONS } from "../support/apps.ts";
import type { Isolate } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import { createWebhookWorld, repositoryJson, type WebhookWorld } from "../support/webhook-world.ts";
import { POLICY } from "../support/workload.ts";
import { LIST, MINUTE, policyPath } from "../support/world.ts";

beforeEach(() => reset());

interface Change {
  readonly action: string;
  /** At GitHub; the name is another repository's afterwards, or nobody's. */
  readonly make: (made: WebhookWorld, name: string) => void;
  /** Of the event, over what every event has. */
  readonly payload?: (made: WebhookWorld, name: string) => object;
}

const CHANGES: Readonly<Record<string, Change>> = {
  renamed: {
    action: "renamed",
    make: ({ github, owner }, name) => github.renameRepository(`${owner}/${name}`, "former"),
    payload: ({ owner }, name) => ({
      repository: repositoryJson(owner, "former"),
      changes: { repository: { name: { from: name } } },
    }),
  },
  deleted: {
    action: "deleted",
    make: ({ github, owner }, name) => github.deleteRepository(`${owner}/${name}`),
  },
  transferred: {
    action: "transferred",
    make: ({ github, owner }, name) => {
      github.addOrganization(`new-home-of-${owner}`);
      github.install({ app: APP_ID, owner: `new-home-of-${owner}`, permissions: PERMISSIONS });
      github.transferRepository(`${owner}/${name}`, `new-home-of-${owner}`);
    },
    payload: ({ owner, ownerId }, name) => ({
      repository: repositoryJson(`new-home-of-${owner}`, name),
      changes: { owner: { from: { organization: { login: owner, id: ownerId } } } },
    }),
  },
};

async function tell(made: WebhookWorld, name: string, { action, payload }: Change): Promise<void> {
  const event = { action, repository: repositoryJson(made.owner, name), ...payload?.(made, name) };
  const answer = await made.send("repository", event);
  expect(answer.status).toBeLessThan(300);
}

const ORGANIZATION_POLICY = (owner: string) => `${POLICY(owner)}repositories: [app]\n`;

/** A deployment with a policy of the repository's own, or of the organisation, that an exchange has just used. */
async function used(
  name: "app" | ".github",
): Promise<{ made: WebhookWorld; ask: (isolate?: Isolate) => Promise<Answered> }> {
  const made = await createWebhookWorld();
  const { github } = made;
  const text = name === "app" ? POLICY(made.owner) : ORGANIZATION_POLICY(made.owner);
  github.putFile(`${made.owner}/${name}`, policyPath("deploy"), text);
  const scope = name === "app" ? `${made.owner}/app` : made.owner;
  const ask = async (isolate: Isolate = made.worker) => {
    const before = made.livingTokens();
    const { status, body } = await isolate.fetch(await made.request({ scope }));
    const fresh = made.livingTokens().filter((token) => !before.includes(token));
    return { status, reason: body.reason, tokens: fresh.length };
  };
  expect(await ask()).toEqual({ status: 200, reason: undefined, tokens: 1 });
  return { made, ask };
}

interface Answered {
  readonly status: number;
  readonly reason: unknown;
  readonly tokens: number;
}

const nothing = { status: 404, tokens: 0 };
const cases = Object.keys(CHANGES).flatMap((kind) =>
  [true, false].flatMap((isRemade) => [0, 4 * MINUTE].map((later) => [kind, isRemade, later] as const)),
);

describe.each(cases)("a repository that was %s (its name taken again: %s), %i ms later,", (kind, isRemade, later) => {
  const change = CHANGES[kind] as Change;
  const remake = ({ github, owner }: WebhookWorld, name: string) => {
    if (isRemade) github.addRepository(`${owner}/${name}`);
  };

  it.each([true, false])("grants nothing by its former policy (webhook: %s), in any isolate", async (isTold) => {
    const { made, ask } = await used("app");
    const other = made.isolate();
    expect((await ask(other)).status).toBe(200);
    change.make(made, "app");
    remake(made, "app");
    if (isTold) await tell(made, "app", change);
    made.clock.now += later;
    for (const isolate of [other, made.worker, made.isolate()]) {
      // Once by what is remembered: that GitHub does not find its number any more may be told as "not in the installation".
      const first = await ask(isolate);
      expect([403, 404]).toContain(first.status);
      expect(first.tokens).toBe(0);
      expect(await ask(isolate)).toMatchObject(nothing);
    }
    if (!isRemade) return;
    // Whoever has the name now is not locked out by what was before.
    made.github.putFile(`${made.owner}/app`, policyPath("deploy"), POLICY(made.owner));
    made.clock.now += 5 * MINUTE;
    for (const isolate of [other, made.worker]) expect((await ask(isolate)).status).toBe(200);
  });

  it("grants nothing by a policy of the organisation that lay in it, once the webhook told", async () => {
    const { made, ask } = await used(".github");
    change.make(made, ".github");
    remake(made, ".github");
    await tell(made, ".github", change);
    made.clock.now += later;
    expect(await ask()).toMatchObject(nothing);
    expect(await ask(made.isolate())).toMatchObject(nothing);
  });
});

describe("without a webhook, an organisation's policy of a remade policy repository", () => {
  async function remade(kind: string) {
    const { made, ask } = await used(".github");
    const other = made.isolate();
    expect((await ask(other)).status).toBe(200);
    CHANGES[kind]?.make(made, ".github");
    made.github.addRepository(`${made.owner}/.github`);
    made.clock.now += 2 * MINUTE;
    return { made, ask, other };
  }

  it.each(Object.keys(CHANGES))("(%s) counts no more once any exchange learned the new number", async (kind) => {
    const { made, ask, other } = await remade(kind);
    // Another policy of the same owner, somewhere else: it makes the allow-list be read anew, and with it the number.
    made.github.putFile(`${made.owner}/.github`, policyPath("other"), ORGANIZATION_POLICY(made.owner));
    const learns = await made.worker.fetch(await made.request({ scope: made.owner, identity: "other" }));
    expect(learns.status).toBe(200);
    expect(await ask()).toMatchObject(nothing);
    made.clock.now += MINUTE;
    expect(await ask(other)).toMatchObject(nothing);
    expect(await ask(made.isolate())).toMatchObject(nothing);
  });

  it.each(Object.keys(CHANGES))("(%s) is not served stale either", async (kind) => {
    const { made, ask } = await remade(kind);
    made.clock.now += 5 * MINUTE;
    made.network.fault({ route: "gh.contents", kind: "status", status: 500 });
    expect(await ask()).toMatchObject({ status: 503, tokens: 0 });
  });

  it("on its own repository counts no more at all", async () => {
    const made = await createWebhookWorld();
    const own = `${POLICY(made.owner)}repositories: [.github, app]\n`;
    made.github.putFile(`${made.owner}/.github`, policyPath("deploy"), own);
    const ask = () => made.ask({ scope: made.owner });
    expect((await ask()).status).toBe(200);
    made.github.renameRepository(`${made.owner}/.github`, "former");
    made.github.addRepository(`${made.owner}/.github`);
    const before = made.livingTokens();
    expect(await ask()).toMatchObject({ status: 404 });
    expect(made.livingTokens()).toEqual(before);
  });
});

describe("an allow-list of a policy repository that was remade", () => {
  it("enforces no more, and is not served stale, once the number is known", async () => {
    const { made, ask } = await used("app");
    const list = `${made.owner}/.github`;
    made.github.putFile(list, LIST, "issuers: [https://gitlab.com]\n");
    made.clock.now += 5 * MINUTE;
    expect(await ask()).toMatchObject({ status: 403, reason: "issuer_not_permitted" });
    made.github.renameRepository(list, "former");
    made.github.addRepository(list);
    made.clock.now += 5 * MINUTE;
    made.network.fault({ route: "gh.contents", match: "trusted-token-issuers", kind: "status", status: 500 });
    expect(await ask()).toMatchObject({ status: 503, reason: "allow_list_unavailable" });
    made.network.clearFaults();
    expect(await ask()).toMatchObject({ status: 200 });
  });
});
