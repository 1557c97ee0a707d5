// What the generator writes, for every kind of workload: a policy without a fault whose test passes, and that the Worker lets in a
// workload of that kind with, and nobody else.

import { beforeEach, describe, expect, it } from "vitest";
import { WORKLOAD_KINDS } from "../../../policies/cli/kinds/kinds.ts";
import { painter } from "../../../policies/cli/layout.ts";
import { optionsFrom } from "../../../policies/cli/options.ts";
import { testCommand } from "../../../policies/cli/test-command.ts";
import { FROM_TOKEN, NOTHING_PASTED } from "../../../worker/page/generator/form.ts";
import { type Outputs, outcomeOf } from "../../../worker/page/generator/outputs.ts";
import { memoryDisk } from "../../policies/cli/memory-disk.ts";
import { APP_ID } from "../../support/apps.ts";
import { signerNamed } from "../../support/issuer-world.ts";
import { sign } from "../../support/signer.ts";
import { reset } from "../../support/storage.ts";
import { createWorld, DOMAIN, type World } from "../../support/world.ts";
import { EXAMPLE_NAMES, WORKLOADS, type Workload } from "./workloads.ts";

beforeEach(() => reset());

const FACTS = { domain: DOMAIN, webUrl: "https://github.com" };

it("covers every kind and every example", () => {
  expect(new Set(WORKLOADS.map(({ form }) => form.kind))).toEqual(new Set(WORKLOAD_KINDS.map(({ name }) => name)));
  const names = WORKLOADS.map(({ name }) => name);
  expect(EXAMPLE_NAMES.filter((name) => !names.includes(name))).toEqual([]);
  expect(EXAMPLE_NAMES.length).toBeGreaterThan(20);
});

/** Of a cluster that nobody outside can ask. */
const isUnasked = ({ claims }: Pick<Workload, "claims">) => String(claims.iss).includes("cluster.local");

async function written(workload: Workload, isFromToken: boolean): Promise<Outputs> {
  const { publicJwk } = await signerNamed("issuer");
  const jwks = isUnasked(workload) ? JSON.stringify({ keys: [publicJwk] }) : "";
  const { form, claims } = workload;
  const { problems, outputs } = isFromToken
    ? outcomeOf(
        { ...form, kind: FROM_TOKEN, fields: {} },
        { ...NOTHING_PASTED, pasted: JSON.stringify(claims), jwks },
        FACTS,
      )
    : outcomeOf(form, { ...NOTHING_PASTED, jwks }, FACTS);
  expect(problems).toEqual([]);
  if (outputs === undefined) throw new Error("nothing is written");
  return outputs;
}

/** An owner with those numbers, the policy where the generator says, and the issuer's keys where it publishes them. */
async function committed({ claims, form }: Workload, { policy }: Outputs): Promise<World> {
  const world = await createWorld();
  const { github, network } = world;
  github.addOrganization("acme", { id: 1234567 });
  const names = ["app", ".github", ...form.repositories.split(/[ ,]+/)].filter((name) => name !== "");
  for (const [i, name] of [...new Set(names)].entries()) github.addRepository(`acme/${name}`, { id: 7654321 + i });
  github.install({ app: APP_ID, owner: "acme", permissions: { contents: "write", ...form.permissions } });
  github.putFile(policy.repository, policy.path, policy.text);
  const { publicJwk } = await signerNamed("issuer");
  const issuer = String(claims.iss);
  const base = issuer.replace(/\/$/, "");
  network.publish(base, [publicJwk], { issuer });
  if (isUnasked({ claims })) network.down(base);
  return world;
}

async function ask(world: World, { claims, form, name }: Workload, over: Readonly<Record<string, unknown>> = {}) {
  const now = Math.floor(world.clock.now / 1000);
  const { nbf: _, ...rest } = claims;
  const times = { iat: now, exp: now + 600 };
  const token = await sign(await signerNamed("issuer"), { aud: DOMAIN, ...rest, ...times, ...over });
  const scope = form.isOrganization ? "acme" : "acme/app";
  return world.ask({ authorization: `Bearer ${token}`, scope, identity: name });
}

/** What these ask for is worth a warning, however the rest of the policy reads. */
const POWERFUL: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ["hcp-terraform", "organization-members", "organization-runners"].map((name) => [name, ["powerful-permission"]]),
);

/** What `policy test` says of policy and test as they are committed. */
function tested({ policy, test }: Outputs, isOrganization: boolean) {
  const { disk } = memoryDisk({ [`/r/${policy.path}`]: policy.text, [`/r/${test.path}`]: test.text });
  const kind = isOrganization ? "organization" : "repository";
  return testCommand(
    ["/r/.github/chainguard"],
    optionsFrom({ kind, owner: "acme" }, ["text"], undefined),
    disk,
    painter(false),
  );
}

async function isLetIn(workload: Workload, outputs: Outputs): Promise<void> {
  const world = await committed(workload, outputs);
  const { status, body } = await ask(world, workload);
  expect(world.loggedReason()).toBeUndefined();
  expect([status, body]).toMatchObject([200, { permissions: workload.form.permissions }]);
  expect(world.livingTokens()).toEqual([body.token]);
  const sub = `x${workload.claims.sub}`;
  const refused = await ask(world, workload, { sub });
  expect([refused.status, world.loggedReason(), world.livingTokens()]).toEqual([403, "subject_mismatch", [body.token]]);
}

describe("from the fields", () => {
  it.each(WORKLOADS.map((workload) => [workload.name, workload] as const))("%s", async (_name, workload) => {
    const outputs = await written(workload, false);
    const serious = outputs.diagnostics.filter(({ severity }) => severity !== "notice");
    expect([serious.map(({ id }) => id), outputs.isUsable]).toEqual([POWERFUL[workload.name] ?? [], true]);
    const { code, text } = tested(outputs, workload.form.isOrganization);
    expect([code, text.includes("0 failed")]).toEqual([0, true]);
    await isLetIn(workload, outputs);
  });
});

/** What is written for the tokens of all others: test/policies/cli/new.test.ts, by the same code. */
const PASTED = ["github-actions-branch", "kubernetes", "aws-sts", "cross-repository"];

describe("from a token's claims", () => {
  it.each(WORKLOADS.filter(({ name }) => PASTED.includes(name)).map((workload) => [workload.name, workload] as const))(
    "%s",
    async (_name, workload) => isLetIn(workload, await written(workload, true)),
  );
});
