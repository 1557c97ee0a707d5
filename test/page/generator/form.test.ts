// What a link carries of the form, what is said of a form that is not ready, and where everything is committed.

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  type Form,
  FROM_TOKEN,
  formFromState,
  NOTHING_PASTED,
  stateFromForm,
  withKind,
} from "../../../worker/page/generator/form.ts";
import { outcomeOf } from "../../../worker/page/generator/outputs.ts";
import { GRANTABLE, matching } from "../../../worker/page/generator/permissions.ts";
import { actionsIssuer } from "../../../worker/page/generator/reading.ts";
import { claimsOfExample, WORKLOADS } from "./workloads.ts";

interface Job {
  readonly permissions: unknown;
  readonly environment?: string;
  readonly steps: readonly { readonly with?: unknown }[];
}

const FACTS = { domain: "sts.example.com", webUrl: "https://github.com" };
const formOf = (name: string): Form => {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(name);
  return found.form;
};
const shared = (form: Form): Form => formFromState(new URLSearchParams(stateFromForm(form).toString()));

describe("a link", () => {
  it.each(WORKLOADS.map(({ name, form }) => [name, form] as const))("shares the whole form: %s", (_, form) => {
    expect(shared(form)).toEqual(form);
  });

  it("holds no token, wherever somebody pasted one, and nothing that was pasted to be read", () => {
    const jwt = `eyJhbGciOiJSUzI1NiJ9.${btoa('{"iss":"x"}').replaceAll("=", "")}.c2lnbmF0dXJl`;
    for (const secret of [jwt, `Bearer ${jwt}`, "ghs_0123456789abcdefABCDEF0123456789abcd"]) {
      const form = {
        ...formOf("gitlab"),
        identity: secret,
        owner: secret,
        fields: { branch: secret, project_id: "7" },
      };
      const link = decodeURIComponent(stateFromForm(form).toString());
      expect(link).not.toContain(secret.slice(-12));
      expect(link).toContain("f.project_id=7");
    }
  });

  it.each([
    "",
    "kind=jenkins&owner=acme",
    "kind=gitlab&f.constructor=x&f.__proto__=y&permissions=contents:root,a:read,__proto__:read,constructor:read",
    `owner=${"x".repeat(5000)}&f.branch=${"y".repeat(5000)}`,
    "permissions=&kind=token&for=everyone",
  ])("of somebody else makes a form, whatever it holds: %j", (text) => {
    const form = formFromState(new URLSearchParams(text));
    const { problems, outputs } = outcomeOf(form, NOTHING_PASTED, FACTS);
    expect([problems.length > 0, outputs]).toEqual([true, undefined]);
    expect(JSON.stringify(form).length).toBeLessThan(4_000);
  });
});

describe("a form that is not ready", () => {
  const problemsOf = (form: Form, evidence = NOTHING_PASTED) => outcomeOf(form, evidence, FACTS).problems;

  it("misses what is needed, and calls nothing of it wrong", () => {
    const problems = problemsOf(formFromState(new URLSearchParams()));
    expect(problems.every(({ isMissing }) => isMissing)).toBe(true);
    expect(problems.map(({ control }) => control)).toEqual([
      "owner",
      "repository",
      "f.owner_id",
      "f.repository_id",
      "f.branch",
      "identity",
    ]);
  });

  it("says whom the deployment serves, in any case of the letters", () => {
    const form = { ...formOf("gitlab"), owner: "Acme" };
    const toldOf = (owners: readonly string[]) =>
      outcomeOf(form, NOTHING_PASTED, { ...FACTS, owners }).problems.map(({ message }) => message);
    expect([toldOf(["octo", "acme"]), toldOf(["octo", "corp"])]).toEqual([
      [],
      ["this deployment serves octo, corp alone"],
    ]);
  });

  it("keeps what two kinds of workload have in common", () => {
    const { fields } = withKind(formOf("github-actions-environment"), "github-branch");
    expect(fields).toEqual({ owner_id: "1234567", repository_id: "7654321", subjects: "classic" });
    expect(withKind(formOf("aws-eks"), "kubernetes").fields).toEqual({ namespace: "ci", account: "image-updater" });
    expect(withKind(formOf("gitlab"), FROM_TOKEN)).toEqual({ kind: FROM_TOKEN, fields: {} });
  });

  it.each<readonly [string, Partial<Form>, string]>([
    ["an owner", { owner: "-acme" }, "owner"],
    ["a repository with its owner", { repository: "acme/app" }, "repository"],
    ["an identity that nobody can ask for", { identity: "a b" }, "identity"],
    ["a branch", { defaultBranch: "a..b" }, "defaultBranch"],
    ["a copy of the action", { actionCopy: "acme" }, "actionCopy"],
    ["a field", { fields: { project_path: "acme/app", project_id: "x", branch: "main" } }, "f.project_id"],
    ["repositories", { isOrganization: true, repositories: "app *" }, "repositories"],
    ["no permission", { permissions: {} }, "permissions"],
  ])("says what is wrong with %s", (_, over, control) => {
    expect(problemsOf({ ...formOf("gitlab"), ...over }).map((problem) => problem.control)).toEqual([control]);
  });

  it.each([
    ["no token", "", "paste a token"],
    ["what is none", "hello there", "no token, no claims"],
    ["a refusal", '{"code": 7, "reason": "subject_mismatch", "message": "no"}', "which does not say"],
    ["claims without a subject", '{"iss": "https://a.acme.dev"}', "no `sub`"],
  ])("says of %s what is wrong with it", (_, pasted, message) => {
    const [problem] = problemsOf({ ...formOf("gitlab"), kind: FROM_TOKEN, fields: {} }, { ...NOTHING_PASTED, pasted });
    expect([problem?.control, problem?.message]).toEqual(["token", expect.stringContaining(message)]);
  });
});

describe("what is written", () => {
  const written = (form: Form, facts = FACTS) => {
    const { outputs } = outcomeOf(form, NOTHING_PASTED, facts);
    if (outputs === undefined) throw new Error("nothing is written");
    return outputs;
  };

  it("is committed by GitHub's page for a new file, with its text in the link", () => {
    const { policy, test, workflow } = written({ ...formOf("github-actions-branch"), defaultBranch: "release/2" });
    const url = new URL(policy.href);
    expect(`${url.origin}${url.pathname}`).toBe("https://github.com/acme/app/new/release/2");
    expect(url.searchParams.get("filename")).toBe(".github/chainguard/github-actions-branch.sts.yaml");
    expect(url.searchParams.get("value")).toBe(policy.text);
    expect(new URL(test.href).searchParams.get("filename")).toBe(
      ".github/chainguard/github-actions-branch.sts.test.yaml",
    );
    expect(workflow?.path).toBe(".github/workflows/github-actions-branch.yml");
    expect(workflow?.text).toContain("    permissions:\n      id-token: write");
    expect(workflow?.text).toContain("uses: octo-sts/action@COMMIT");
    expect(workflow?.text).toContain('push:\n    branches: ["main"]');
  });

  it("lies in the organization's policy repository for an organization", () => {
    const { policy, workflow } = written(formOf("cross-repository"));
    expect(policy.href).toMatch(/^https:\/\/github\.com\/acme\/\.github\/new\/main\?/);
    expect([policy.repository, workflow?.repository]).toEqual(["acme/.github", "acme/app"]);
    expect(workflow?.text).toContain("    environment: release");
    expect(workflow?.text).toContain("scope: acme, identity: cross-repository");
  });

  it("is copied by hand where it is too long for a link", () => {
    const key = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
    const keys = Array.from({ length: 90 }, (_, i) => ({ ...key, kid: `${i}` }));
    const { outputs } = outcomeOf(formOf("kubernetes"), { ...NOTHING_PASTED, jwks: JSON.stringify({ keys }) }, FACTS);
    expect([outputs?.policy.isTextInLink, outputs?.policy.href.includes("value=")]).toEqual([false, false]);
    expect(outputs?.policy.href).toContain("filename=.github%2Fchainguard%2Fkubernetes.sts.yaml");
  });

  it("uses a copy of this service's action where there is one", () => {
    const { usage } = written({ ...formOf("github-actions-tag"), actionCopy: "acme/octo-sts-edge" });
    expect(usage.text).toContain("uses: acme/octo-sts-edge/.github/actions/token@COMMIT");
    expect(usage.text).toContain('push:\n    tags: ["v[0-9]+.[0-9]+.[0-9]+"]');
  });

  it("is a workflow that others call where the policy wants a reusable one", () => {
    const { workflow } = written(formOf("github-actions-reusable-workflow"));
    expect([workflow?.repository, workflow?.path]).toEqual(["acme/workflows", ".github/workflows/publish.yml"]);
    expect(workflow?.text).toContain("on:\n  workflow_call:\n");
  });

  it.each(WORKLOADS.filter(({ name }) => name !== "kubernetes").map(({ name, form }) => [name, form] as const))(
    "is used by what can be run as it stands: %s",
    (name, form) => {
      const { usage, workflow } = written(form);
      const scope = form.isOrganization ? "acme" : "acme/app";
      if (workflow !== undefined) {
        const { jobs } = parse(workflow.text);
        const [job] = Object.values<Job>(jobs);
        expect(job?.permissions).toEqual({ "id-token": "write" });
        expect(job?.steps[0]?.with).toEqual({ domain: FACTS.domain, scope, identity: name });
        expect(job?.environment).toBe(form.fields.environment);
        return;
      }
      expect(usage.text).toContain(`https://${FACTS.domain}/sts/exchange?scope=${scope}&identity=${name}&format=token`);
      if (usage.language === "yaml") expect(JSON.stringify(parse(usage.text))).toContain("GH_TOKEN=$(printf");
    },
  );

  it("takes nothing into a file that no workflow can be called", () => {
    const claims = { ...claimsOfExample("github-actions-branch"), repository: "acme/app\nx: y" };
    for (const ref of ["acme/app/.github/workflows/a.yml\nx: y@refs/heads/main", "a b/c/.github/workflows/a.yml@x"]) {
      const pasted = JSON.stringify({ ...claims, workflow_ref: ref, job_workflow_ref: ref });
      const form = { ...formOf("github-actions-branch"), kind: FROM_TOKEN, fields: {} };
      const { outputs } = outcomeOf(form, { ...NOTHING_PASTED, pasted }, FACTS);
      expect(outputs?.workflow?.path).toBe(".github/workflows/github-actions-branch.yml");
      expect(outputs?.usage.text).not.toContain("x: y");
    }
  });

  it("names a stand-in while the deployment does not know its domain", () => {
    const { outputs } = outcomeOf(formOf("gitlab"), NOTHING_PASTED, { webUrl: "https://github.com" });
    expect(outputs?.usage.text).toContain("https://sts.example.com/sts/exchange?");
  });

  it("asks this deployment, by commands where the workload is no workflow", () => {
    const { usage, workflow } = written(formOf("aws-sts"));
    expect([usage.language, workflow]).toEqual(["sh", undefined]);
    expect(usage.text).toContain('"https://sts.example.com/sts/exchange?scope=acme/app&identity=aws-sts&format=token"');
    expect(written(formOf("gitlab")).usage.language).toBe("yaml");
  });

  it("has errors, and is not to be used, where no token could ever match", () => {
    expect(written(formOf("kubernetes")).isUsable).toBe(false);
  });

  it.each([
    ["https://github.com", "https://token.actions.githubusercontent.com"],
    ["https://acme.ghe.com", "https://token.actions.acme.ghe.com"],
    ["https://github.acme.dev", "https://github.acme.dev/_services/token"],
  ])("trusts the workflows of the deployment's own GitHub: %s", (webUrl, issuer) => {
    expect(actionsIssuer(webUrl)).toBe(issuer);
    const { policy } = written(formOf("github-actions-branch"), { ...FACTS, webUrl });
    expect(policy.text).toContain(`issuer: ${issuer}\n`);
    expect(policy.href.startsWith(`${webUrl}/acme/app/new/main?`)).toBe(true);
  });

  it("takes the repository from a token that was pasted", () => {
    const form = { ...formFromState(new URLSearchParams({ kind: FROM_TOKEN })), identity: "ci" };
    const pasted = JSON.stringify(claimsOfExample("github-actions-branch"));
    const { problems, outputs } = outcomeOf(form, { ...NOTHING_PASTED, pasted, also: ["event_name", "jti"] }, FACTS);
    expect([problems, outputs?.policy.repository]).toEqual([[], "acme/app"]);
    expect(outputs?.policy.text).toContain("  event_name: 'push'\n");
    expect(outputs?.policy.text).not.toContain("jti");
  });
});

describe("the permissions", () => {
  const namesOf = (words: string) => matching(words).map(({ name }) => name);

  it("are found by name, by what GitHub says of them, and by how far they reach", () => {
    expect(namesOf("releases")).toEqual(["contents"]);
    expect(namesOf("Pull-Requests merges")).toEqual(["pull_requests"]);
    expect(namesOf("whole organization")).toContain("members");
    expect(namesOf("no such words")).toEqual([]);
  });

  it("are all those that a token of an App can carry, each with what it allows", () => {
    const names = namesOf("");
    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name) => ["metadata", "starring", "emails"].includes(name))).toEqual([]);
    expect(GRANTABLE.filter(({ about, levels }) => about.length < 10 || levels.length === 0)).toEqual([]);
  });
});
