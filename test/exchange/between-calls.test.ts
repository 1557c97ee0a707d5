// Whatever happens to repositories between two calls of one exchange: no allow-list is lifted by it, and no policy grants another
// repository than the one that it lies in.

import { beforeEach, describe, expect, it } from "vitest";
import { pause } from "../../worker/store/pause.ts";
import { APP_ID, PERMISSIONS } from "../support/apps.ts";
import { createIssuerWorld, GITHUB, type IssuerWorld, type IssuerWorldOptions } from "../support/issuer-world.ts";
import { discoveryOf } from "../support/network.ts";
import { reset } from "../support/storage.ts";
import { POLICY } from "../support/workload.ts";
import { MINUTE, policyPath } from "../support/world.ts";

beforeEach(() => reset());

/** Once GitHub has answered so many calls. */
function after(world: IssuerWorld, calls: number, happen: () => void): void {
  const { network } = world;
  const answer = network.fetch.bind(network);
  let left = calls;
  Object.assign(network, {
    fetch: async (request: Request) => {
      const answered = await answer(request);
      if (new URL(request.url).host === GITHUB && --left === 0) happen();
      return answered;
    },
  });
}

/** More than an exchange has that finds nothing in memory. */
const POINTS = Array.from({ length: 9 }, (_, index) => index + 1);

describe("an issuer that the owner's list does not have gets nothing, though in the middle of the exchange the repository", () => {
  interface Arrival {
    readonly options?: IssuerWorldOptions;
    readonly prepare?: (world: IssuerWorld, policy: string) => void;
    readonly happen: (world: IssuerWorld, policy: string) => void;
  }
  const ARRIVALS: Readonly<Record<string, Arrival>> = {
    "is made": {
      happen: ({ github, owner }, policy) =>
        github.addRepository(`${owner}/target`, { files: { [policyPath("deploy")]: policy } }),
    },
    "gets its name": {
      prepare: ({ github, owner }, policy) =>
        github.addRepository(`${owner}/mine`, { files: { [policyPath("deploy")]: policy } }),
      happen: ({ github, owner }) => github.renameRepository(`${owner}/mine`, "target"),
    },
    "is transferred to the owner": {
      prepare: ({ github, owner }, policy) => {
        github.addOrganization(`${owner}-else`);
        github.install({ app: APP_ID, owner: `${owner}-else`, permissions: PERMISSIONS });
        github.addRepository(`${owner}-else/target`, { files: { [policyPath("deploy")]: policy } });
      },
      happen: ({ github, owner }) => github.transferRepository(`${owner}-else/target`, owner),
    },
    "is selected for the App": {
      options: { selected: ["app", ".github"] },
      prepare: ({ github, owner }, policy) =>
        github.addRepository(`${owner}/target`, { files: { [policyPath("deploy")]: policy } }),
      happen: ({ github }) =>
        github.selectRepositories(github.state.installations[0]?.id ?? 0, ["app", ".github", "target"]),
    },
  };

  it.each(Object.entries(ARRIVALS))("%s", async (_about, { options, prepare, happen }) => {
    for (const isWarm of [false, true]) {
      for (const point of POINTS) {
        const world = await createIssuerWorld(options);
        world.putAllowList("issuers: [https://gitlab.com]\n");
        const policy = POLICY(world.owner, world.issuer);
        prepare?.(world, policy);
        if (isWarm) await world.ask({ scope: `${world.owner}/app` });
        world.clock.now += 6 * MINUTE;
        after(world, point, () => happen(world, policy));
        const answers = [];
        for (const repository of ["target", "target", "app"]) {
          const answer = await world.send(await world.token(), { scope: `${world.owner}/${repository}` });
          answers.push(answer.status);
        }
        expect([point, answers, world.grantMints()]).toEqual([point, [404, 404, 404], 0]);
        expect(world.loggedReason()).toBe("issuer_not_permitted");
      }
    }
  });
});

describe("a policy grants its own repository and no other, though in the middle of the exchange its name", () => {
  const CHANGES: Readonly<Record<string, (world: IssuerWorld) => void>> = {
    "is taken by a public repository with a policy of its own": ({ github, owner, issuer }) => {
      github.renameRepository(`${owner}/app`, "former");
      const files = { [policyPath("deploy")]: `${POLICY(owner, issuer)}  contents: write\n` };
      github.addRepository(`${owner}/app`, { visibility: "public", files });
    },
    "is taken by a repository without a policy": ({ github, owner }) => {
      github.deleteRepository(`${owner}/app`);
      github.addRepository(`${owner}/app`);
    },
    "is exchanged with another's": ({ github, owner }) => {
      github.renameRepository(`${owner}/app`, "former");
      github.renameRepository(`${owner}/other`, "app");
      github.renameRepository(`${owner}/former`, "other");
    },
  };

  it.each(Object.entries(CHANGES))("%s", async (_about, change) => {
    for (const isWarm of [false, true]) {
      for (const point of POINTS) {
        const world = await createIssuerWorld();
        const { id } = world.github.repository(`${world.owner}/app`);
        if (isWarm) await world.send(await world.token());
        after(world, point, () => change(world));
        for (let i = 0; i < 3; i += 1) await world.send(await world.token());
        // A grant that turns out to be another's is revoked before anybody gets it.
        const granted = world.github.tokens.filter(({ permissions, revoked }) => "issues" in permissions && !revoked);
        const made = world.github.repository(`${world.owner}/app`).id;
        for (const { permissions, repositories } of granted) {
          const ids = repositories?.map((one) => one.id);
          // By the policy of whoever has the name now only that one, and what that policy says.
          expect([point, ids]).toEqual([point, "contents" in permissions ? [made] : [id]]);
        }
      }
    }
  });
});

it("a repository that takes a name while the issuer is slow is not read as the one that had it", async () => {
  const world = await createIssuerWorld({ known: true });
  const { network, github, owner, issuer } = world;
  const policy = `${POLICY(owner, issuer)}  contents: write\n`;
  network.answer(discoveryOf(issuer), async () => {
    // The read token is minted meanwhile.
    while (network.count("gh.mint") === 0) await pause(5);
    world.clock.now += 2_000;
    github.renameRepository(`${owner}/app`, "former");
    github.addRepository(`${owner}/app`, { visibility: "public", files: { [policyPath("deploy")]: policy } });
    return Response.json({ issuer, jwks_uri: `${issuer}/keys`, id_token_signing_alg_values_supported: ["RS256"] });
  });
  const refused = await world.send(await world.token({ sub: "repo:x/y" }));
  expect([refused.status, refused.body.reason]).toEqual([403, "subject_mismatch"]);
  // And back, for a token that the other's policy trusts.
  github.deleteRepository(`${owner}/app`);
  github.renameRepository(`${owner}/former`, "app");
  for (let i = 0; i < 3; i += 1) {
    const { body } = await world.send(await world.token());
    expect(body.permissions).not.toMatchObject({ contents: "write" });
  }
  expect((await world.send(await world.token())).body.permissions).toEqual({ issues: "write", metadata: "read" });
});
