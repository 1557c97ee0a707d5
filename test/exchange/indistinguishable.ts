// Cases that whoever is not verified may not tell apart, each with what is really the matter.

import { expect } from "vitest";
import type { Answer } from "../support/isolate.ts";
import { createIssuerWorld, type IssuerWorld, type IssuerWorldOptions, signerNamed } from "../support/issuer-world.ts";
import { discoveryOf } from "../support/network.ts";
import { status } from "../support/routes.ts";
import { POLICY } from "../support/workload.ts";

/** Words that stand in policies, lists and upstream answers, and must never be seen by who may not see them. */
export const SECRET = "s3cr3t-word";

const suspend = ({ network }: IssuerWorld) => network.github.suspend(network.github.state.installations[0]?.id ?? 0);
export const strict = (world: IssuerWorld) => world.putAllowList(`issuers: [https://${SECRET}.example]\n`);
const broken = (world: IssuerWorld) => world.putPolicy(`issuer: ${world.issuer}\n${SECRET}: 1\n`);
const unreadable = ({ network, owner }: IssuerWorld) => {
  network.github.removeFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml");
  network.github.putFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml/x", SECRET);
};

/** Every byte of an answer but the request id's, with the owner's name blotted out: each case has an owner of its own. */
export function bytesOf(answer: Answer, { owner }: IssuerWorld): string {
  const id = String(answer.body.request_id);
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`);
  return [answer.status, ...headers, answer.text].join("\n").replaceAll(id, "<id>").replaceAll(owner, "<owner>");
}

interface Case {
  readonly about: string;
  readonly really: string;
  readonly options?: IssuerWorldOptions;
  readonly arrange?: (world: IssuerWorld) => void;
  readonly token?: (world: IssuerWorld) => Promise<string>;
}

export const CASES: readonly Case[] = [
  { about: "not installed", really: "app_not_installed", options: { install: false } },
  { about: "no such policy", really: "policy_not_found", options: { policy: undefined } },
  { about: "no such repository", really: "repository_not_visible" },
  {
    about: "the policy names another issuer",
    really: "issuer_mismatch",
    arrange: (world) => world.putPolicy(POLICY(world.owner, `https://${SECRET}.example`)),
  },
  { about: "the policy is broken", really: "policy_invalid", arrange: broken },
  { about: "the policy cannot be read", really: "policy_unreadable", arrange: unreadable },
  { about: "suspended", really: "installation_suspended", arrange: suspend },
  { about: "not on the allow-list", really: "issuer_not_permitted", arrange: strict },
  {
    about: "the allow-list is broken",
    really: "allow_list_invalid",
    arrange: (world) => world.putAllowList(`mode: ${SECRET}\n`),
  },
  {
    about: "another key",
    really: "signature_invalid",
    token: async (world) => world.token({}, {}, await signerNamed("evil")),
  },
  { about: "a kid of no key", really: "signature_invalid", token: (world) => world.token({}, { kid: "none" }) },
  { about: "the issuer is down", really: "issuer_unreachable", arrange: (world) => world.network.down(world.issuer) },
  {
    about: "the issuer answers 503",
    really: "issuer_unreachable",
    arrange: (world) => world.network.answer(discoveryOf(world.issuer), status(503)),
  },
  {
    about: "the issuer has no discovery",
    really: "issuer_invalid",
    arrange: (world) => world.network.answer(discoveryOf(world.issuer), status(404)),
  },
  {
    about: "the issuer names another",
    really: "issuer_invalid",
    arrange: (world) => world.network.publish(world.issuer, [], { issuer: `https://${SECRET}.example` }),
  },
  { about: "the App may not read", really: "permission_not_held", options: { permissions: { issues: "write" } } },
  {
    about: "GitHub forbids the call",
    really: "github_forbidden",
    arrange: ({ network }) => network.fault({ route: "gh.installations", kind: "bare403" }),
  },
];

export const scopeOf = ({ about }: Case, { owner }: IssuerWorld) =>
  `${owner}/${about === "no such repository" ? "none" : "app"}`;

export async function answered(one: Case): Promise<{ world: IssuerWorld; answer: Answer; bytes: string }> {
  const world = await createIssuerWorld(one.options);
  // The world has the default policy unless an option says what it is.
  if (one.about === "no such policy")
    world.github.removeFile(`${world.owner}/app`, ".github/chainguard/deploy.sts.yaml");
  one.arrange?.(world);
  const token = await (one.token ?? ((world) => world.token()))(world);
  const answer = await world.send(token, { scope: scopeOf(one, world) });
  expect(world.loggedReason(), one.about).toBe(one.really);
  return { world, answer, bytes: bytesOf(answer, world) };
}
