// Cases that whoever is not verified may not tell apart, each with what is really the matter.

import { expect } from "vitest";
import { POLICY } from "../../exchange/story.ts";
import type { Answer } from "../../exchange/worker.ts";
import { discoveryOf } from "../../oidc/support/outside.ts";
import { status } from "../../oidc/support/routes.ts";
import { putAllowList, putPolicy, reallyOf, type Stage, type StageOptions, signerNamed, stage } from "./stage.ts";

/** Words that stand in policies, lists and upstream answers, and must never be seen by who may not see them. */
export const SECRET = "s3cr3t-word";

const suspend = ({ outside }: Stage) => outside.github.suspend(outside.github.world.installations[0]?.id ?? 0);
export const strict = (at: Stage) => putAllowList(at, `issuers: [https://${SECRET}.example]\n`);
const broken = (at: Stage) => putPolicy(at, `issuer: ${at.issuer}\n${SECRET}: 1\n`);
const unreadable = ({ outside, owner }: Stage) => {
  outside.github.removeFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml");
  outside.github.putFile(`${owner}/app`, ".github/chainguard/deploy.sts.yaml/x", SECRET);
};

/** Every byte of an answer but the request id's, with the owner's name blotted out: each case has an owner of its own. */
export function bytesOf(answer: Answer, { owner }: Stage): string {
  const id = String(answer.body.request_id);
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`);
  return [answer.status, ...headers, answer.text].join("\n").replaceAll(id, "<id>").replaceAll(owner, "<owner>");
}

interface Case {
  readonly about: string;
  readonly really: string;
  readonly options?: StageOptions;
  readonly arrange?: (at: Stage) => void;
  readonly token?: (at: Stage) => Promise<string>;
}

export const CASES: readonly Case[] = [
  { about: "not installed", really: "app_not_installed", options: { install: false } },
  { about: "no such policy", really: "policy_not_found", options: { policy: undefined } },
  { about: "no such repository", really: "repository_not_visible" },
  {
    about: "the policy names another issuer",
    really: "issuer_mismatch",
    arrange: (at) => putPolicy(at, POLICY(at.owner, `https://${SECRET}.example`)),
  },
  { about: "the policy is broken", really: "policy_invalid", arrange: broken },
  { about: "the policy cannot be read", really: "policy_unreadable", arrange: unreadable },
  { about: "suspended", really: "installation_suspended", arrange: suspend },
  { about: "not on the allow-list", really: "issuer_not_permitted", arrange: strict },
  {
    about: "the allow-list is broken",
    really: "allow_list_invalid",
    arrange: (at) => putAllowList(at, `mode: ${SECRET}\n`),
  },
  {
    about: "another key",
    really: "signature_invalid",
    token: async (at) => at.token({}, {}, await signerNamed("evil")),
  },
  { about: "a kid of no key", really: "signature_invalid", token: (at) => at.token({}, { kid: "none" }) },
  { about: "the issuer is down", really: "issuer_unreachable", arrange: (at) => at.internet.down(at.issuer) },
  {
    about: "the issuer answers 503",
    really: "issuer_unreachable",
    arrange: (at) => at.internet.answer(discoveryOf(at.issuer), status(503)),
  },
  {
    about: "the issuer has no discovery",
    really: "issuer_invalid",
    arrange: (at) => at.internet.answer(discoveryOf(at.issuer), status(404)),
  },
  {
    about: "the issuer names another",
    really: "issuer_invalid",
    arrange: (at) => at.internet.issuer(at.issuer, [], { issuer: `https://${SECRET}.example` }),
  },
  { about: "the App may not read", really: "permission_not_held", options: { permissions: { issues: "write" } } },
  {
    about: "GitHub forbids the call",
    really: "github_forbidden",
    arrange: ({ outside }) => outside.fault({ route: "gh.installations", kind: "bare403" }),
  },
];

export const scopeOf = ({ about }: Case, { owner }: Stage) =>
  `${owner}/${about === "no such repository" ? "none" : "app"}`;

export async function answered(one: Case): Promise<{ at: Stage; answer: Answer; bytes: string }> {
  const at = await stage(one.options);
  // The stage writes the default policy unless an option says what it is.
  if (one.about === "no such policy")
    at.outside.github.removeFile(`${at.owner}/app`, ".github/chainguard/deploy.sts.yaml");
  one.arrange?.(at);
  const token = await (one.token ?? ((told) => told.token()))(at);
  const answer = await at.send(token, { scope: scopeOf(one, at) });
  expect(reallyOf(at), one.about).toBe(one.really);
  return { at, answer, bytes: bytesOf(answer, at) };
}
