// Every recipe of policies/examples/README.md, its very lines, in a shell: with curl, git and openssl as they are, and with
// stand-ins for the programs of clouds that only have to be called with the documented words. What a stand-in says is a token of the
// emulated issuer with the claims that the example's real token has.

import { createPublicKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { REVOCATION, recipe, recipes, scriptOf } from "./document.ts";
import { openPlace, type Place } from "./place.ts";

let place: Place;
const tried = new Set<string>();

beforeAll(async () => {
  place = await openPlace();
});
afterAll(async () => {
  await place.close();
});
beforeEach(async () => {
  for (const token of place.world.network.github.tokens) token.revoked = true;
});

/** The lines of the recipe, remembered as tried. */
function linesOf(title: string): string {
  tried.add(title);
  const { shell, yaml } = recipe(title);
  return [...shell, ...(title === "GitLab" ? yaml.map(scriptOf) : [])].join("\n");
}

const granted = (): { readonly value: string; readonly permissions: object }[] =>
  place.world.network.github.tokens
    .filter(({ revoked }) => !revoked)
    .map(({ value, permissions }) => ({ value, permissions }));

/** What lives of an exchange in the end: the token that the policy was read with is revoked after the answer. */
const expectGranted = (expected: readonly object[]) => expect.poll(granted, WAIT).toMatchObject(expected);
const WAIT = { interval: 20 };

/** Runs the recipe, and expects in GH_TOKEN the one token that lives, with these permissions. */
async function expectToken(title: string, permissions: object, env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await place.run(linesOf(title), 'echo "$GH_TOKEN"', env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const value = stdout.trim().split("\n").at(-1);
  await expect.poll(granted, WAIT).toEqual([{ value, permissions: { metadata: "read", ...permissions } }]);
}

describe("the token", () => {
  const AWS =
    "aws sts get-web-identity-token --audience sts.example.com --signing-algorithm RS256 --duration-seconds 300 --query WebIdentityToken --output text";
  const BUILDKITE =
    "buildkite-agent oidc request-token --audience sts.example.com --claim organization_id --claim pipeline_id";
  const GOOGLE = "/computeMetadata/v1/instance/service-accounts/default/identity?audience=sts.example.com&format=full";
  const AZURE = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api://sts.example.com";

  it("of a pod", async () => {
    place.putFile("/var/run/secrets/sts/token", await place.workload("google-gke"));
    await expectToken("Kubernetes", { contents: "read", deployments: "write" });
  });

  it("of a GitLab job", async () => {
    const OIDC_TOKEN = await place.workload("gitlab");
    await expectToken("GitLab", { contents: "write", statuses: "write" }, { OIDC_TOKEN });
  });

  it("of a role of AWS", async () => {
    place.putProgram(AWS, await place.workload("aws-sts"));
    await expectToken("AWS", { contents: "read", deployments: "write" });
  });

  it("of a service account of Google Cloud", async () => {
    place.putMetadata(GOOGLE, "Metadata-Flavor: Google", await place.workload("google-service-account"));
    await expectToken("Google Cloud", { contents: "read", issues: "write" });
  });

  it("of a managed identity of Azure", async () => {
    const access_token = await place.workload("azure-managed-identity");
    place.putMetadata(AZURE, "Metadata: true", JSON.stringify({ access_token, token_type: "Bearer" }));
    await expectToken("Azure", { issues: "write" });
  });

  it("of a step of Buildkite", async () => {
    place.putProgram(BUILDKITE, await place.workload("buildkite"));
    await expectToken("Buildkite", { statuses: "write" });
  });

  it("of a job of CircleCI", async () => {
    const CIRCLE_OIDC_TOKEN_V2 = await place.workload("circleci");
    await expectToken("CircleCI", { contents: "write" }, { CIRCLE_OIDC_TOKEN_V2 });
  });

  it("of a run of Terraform Cloud", async () => {
    const TFC_WORKLOAD_IDENTITY_TOKEN = await place.workload("hcp-terraform");
    await expectToken(
      "Terraform Cloud",
      { administration: "write", contents: "read" },
      { TFC_WORKLOAD_IDENTITY_TOKEN },
    );
  });

  it("of a machine that signs for itself", async () => {
    const { shell, yaml } = recipe("A machine with cron");
    tried.add("A machine with cron");
    const [makeKey = "", exchange = ""] = shell;
    expect((await place.run(makeKey)).code).toBe(0);
    const key = createPublicKey(readFileSync(join(place.home, "sts/key.pem"))).export({ format: "jwk" });
    place.putPolicy("backup", (yaml[0] ?? "").replace(/keys: .*/, `keys: [${JSON.stringify(key)}]`));
    const { code, stdout } = await place.run(exchange, 'echo "$GH_TOKEN"');
    expect(code).toBe(0);
    await expectGranted([{ value: stdout.trim(), permissions: { contents: "read" } }]);
  });

  it("goes to programs that keep it", async () => {
    place.putFile("/var/run/secrets/sts/token", await place.workload("google-gke"));
    place.putScript("kubectl", `[ "$*" = "apply -f -" ] && cat > "$HOME/applied"\n`);
    for (const title of ["Argo CD", "Flux"]) {
      await expectToken(title, { contents: "read", deployments: "write" });
      const { kind, stringData } = parse(readFileSync(join(place.home, "applied"), "utf8"));
      expect([kind, stringData.username, stringData.password]).toEqual([
        "Secret",
        "x-access-token",
        granted()[0]?.value,
      ]);
      for (const token of place.world.network.github.tokens) token.revoked = true;
    }
  });

  it("goes to Renovate", async () => {
    place.putFile("/var/run/secrets/sts/token", await place.workload("aws-eks"));
    place.putScript("renovate", '[ "$*" = "acme/app" ] && echo "$RENOVATE_PLATFORM $RENOVATE_TOKEN"\n');
    const { code, stdout } = await place.run(linesOf("Renovate"));
    expect(code).toBe(0);
    const [, value = ""] = /^github (\S+)\n$/.exec(stdout) ?? [];
    await expectGranted([{ value, permissions: { contents: "write", pull_requests: "write" } }]);
  });
});

it("says what would be granted, and makes no token", async () => {
  const OIDC_TOKEN = await place.workload("gitlab");
  const { code, stdout } = await place.run(linesOf("Try first"), "", { OIDC_TOKEN });
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { granted: false, would_grant: { permissions: { contents: "write", statuses: "write" } } },
  ]);
  await expect.poll(granted, WAIT).toEqual([]);
});

describe("git", () => {
  const TITLE = "Git, wherever a file has the OIDC token";
  const clone = () => place.run(`rm -rf app\n${linesOf(TITLE)}`);

  it("clones a private repository with it", async () => {
    place.putFile("/var/run/secrets/sts/token", await place.workload("aws-eks"));
    const { code, stderr } = await clone();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "Cloning into 'app'...\n" });
    expect(readFileSync(join(place.home, "app/README.md"), "utf8")).toBe("# The app of acme\n");
    expect(place.git.answered[0]).toMatch(/^401 /);
    await expectGranted([{ permissions: { contents: "write", pull_requests: "write" } }]);
  });

  it("is told nothing by a refusal, whose reason is on standard error", async () => {
    place.putFile(
      "/var/run/secrets/sts/token",
      await place.workload("aws-eks", { sub: "system:serviceaccount:ci:other" }),
    );
    const { code, stdout, stderr } = await clone();
    expect([code, stdout]).toEqual([128, ""]);
    expect(stderr).toMatch(/^subject_mismatch: trust policy: /m);
    expect(stderr).toContain("could not read Username");
    expect(existsSync(join(place.home, "app"))).toBe(false);
    await expect.poll(granted, WAIT).toEqual([]);
  });
});

it("ends a recipe with the reason on standard error when the deployment refuses", async () => {
  const OIDC_TOKEN = await place.workload("gitlab", { project_id: "1" });
  const { code, stdout, stderr } = await place.run(linesOf("GitLab"), "echo went on", { OIDC_TOKEN });
  expect([code, stdout]).toEqual([22, ""]);
  expect(stderr).toMatch(/^claim_mismatch: trust policy: /m);
});

it("gives a token back", async () => {
  const OIDC_TOKEN = await place.workload("gitlab");
  const { code, stderr } = await place.run(`${linesOf("GitLab")}\n${REVOCATION}`, "", { OIDC_TOKEN });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(place.curlArguments.at(-1)).toContain("/sts/revoke");
  await expect.poll(granted, WAIT).toEqual([]);
});

it("puts no token into an argument", () => {
  const exchanges = place.curlArguments.filter((line) => line.includes("/sts/exchange?"));
  expect(exchanges.some((line) => line.includes("git-credential"))).toBe(true);
  expect(place.curlArguments.filter((line) => /eyJ|ghs_/.test(line))).toEqual([]);
});

it("has tried every recipe", () => {
  expect([...tried].sort()).toEqual([...recipes.keys()].sort());
});
