/**
 * `policy explain` and `policy test`, from files and standard input.
 */

import { describe, expect, test } from "vitest";
import { BROKEN, CLAIMS, createWorkplace, GOOD, longest } from "./process.ts";

const { policy, put } = createWorkplace();

describe("explain", () => {
  const explained = (claims: Readonly<Record<string, unknown>>, text = GOOD, more: readonly string[] = []) => {
    put("p.sts.yaml", text);
    put("claims.json", JSON.stringify(claims));
    return policy(["explain", "p.sts.yaml", "--claims", "claims.json", "--domain", "sts.example.com", ...more]);
  };

  test("lets a token in, says what is granted, and that no signature was checked", () => {
    const { status, stdout } = explained(CLAIMS);
    expect(status).toBe(0);
    expect(stdout.split("\n")[0]).toBe("allowed: every clause matches");
    expect(stdout).toContain("grants  contents: read\non      the repository that holds the policy\n");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("The token's signature was not checked.");
    expect(stdout).not.toContain("expired");
  });

  test("says which App mints where the policy pins one", () => {
    expect(explained(CLAIMS, `${GOOD}app: ci\n`).stdout).toContain("\nby      the App whose name or id is ci\n");
    const pattern = explained(CLAIMS, `${GOOD}app_pattern: ci-.*\n`).stdout;
    expect(pattern).toContain("\nby      the App whose name or id matches the pattern ci-.*\n");
    expect(explained(CLAIMS).stdout).not.toContain("\nby ");
  });

  test("names the clause that failed, and the smallest change", () => {
    const sub = "repo:acme@12/app@34:ref:refs/heads/dev";
    const { status, stdout } = explained({ ...CLAIMS, sub, exp: 1 });
    expect(status).toBe(1);
    expect(stdout).toContain("refused: subject does not match (code 7)\n");
    expect(stdout).toContain("  FAIL  subject\n        policy  repo:acme@12/app@34:ref:refs/heads/main\n");
    expect(stdout).toContain(
      "What would make subject match\nThey differ behind `repo:acme@12/app@34:ref:refs/heads/`. To allow this value in\nits place:\n",
    );
    expect(stdout).toContain(`  subject: '${sub}'\n`);
    expect(stdout).toContain(`\nThe policy, rewritten\n\n${GOOD.replace(/^subject: .*$/m, `subject: '${sub}'`)}`);
    expect(stdout).toContain("(the clause stands at 2:1 of the policy)");
    expect(stdout).toContain("The token has expired");
    expect(longest(stdout)).toBeLessThanOrEqual(80);
  });

  test("reads a token from standard input, and never prints it", () => {
    put("p.sts.yaml", GOOD);
    const payload = Buffer.from(JSON.stringify({ ...CLAIMS, secret: "s3cret" })).toString("base64url");
    const token = `eyJhbGciOiJSUzI1NiJ9.${payload}.c2lnbmF0dXJl`;
    const args = ["explain", "p.sts.yaml", "--domain", "sts.example.com", "--token-file", "-"];
    const { status, stdout } = policy(args, `${token}\n`);
    expect(status).toBe(0);
    expect(stdout).not.toContain(payload.slice(0, 20));
    const broken = policy([...args.slice(0, -2), "--token", `x.${payload}`]);
    expect(broken).toMatchObject({ status: 2, stdout: "" });
    expect(broken.stderr).not.toContain(payload.slice(0, 20));
  });

  test("tells the errors of a policy that cannot be used", () => {
    const { status, stdout } = explained(CLAIMS, BROKEN);
    expect(status).toBe(1);
    expect(stdout).toContain("unknown permission");
  });

  test("needs the domain only where the policy names no audience", () => {
    put("p.sts.yaml", GOOD);
    put("q.sts.yaml", `${GOOD}audience: sts.example.com\n`);
    put("claims.json", JSON.stringify(CLAIMS));
    expect(policy(["explain", "p.sts.yaml", "--claims", "claims.json"]).status).toBe(2);
    expect(policy(["explain", "q.sts.yaml", "--claims", "claims.json"]).status).toBe(0);
    expect(
      policy(["explain", "p.sts.yaml", "--claims", "claims.json"], "", { STS_DOMAIN: "sts.example.com" }).status,
    ).toBe(0);
  });
});

describe("test", () => {
  const suite = (tokens: string) => `scope: acme/app\ndomain: sts.example.com\nwarnings: []\ntokens:\n${tokens}`;
  const base = `  - name: main
    claims: ${JSON.stringify(CLAIMS)}
    expect: allow
`;

  test("passes, and fails with what happened instead", () => {
    put("t/p.sts.yaml", GOOD);
    put(
      "t/p.sts.test.yaml",
      suite(
        `${base}  - {name: a tag, like: main, claims: {sub: "repo:acme@12/app@34:ref:refs/tags/v1"}, expect: deny, fails: subject}\n`,
      ),
    );
    expect(policy(["test", "t"])).toEqual({
      status: 0,
      stdout: "t/p.sts.test.yaml\n  ok    main\n  ok    a tag\n  ok    warnings\n\n3 tests in 1 file: 0 failed\n",
      stderr: "",
    });
    put(
      "t/p.sts.test.yaml",
      suite(
        `${base}  - {name: a tag, like: main, claims: {sub: "repo:acme@12/app@34:ref:refs/tags/v1"}, expect: deny, fails: audience}\n`,
      ),
    );
    const { status, stdout } = policy(["test", "t"]);
    expect(status).toBe(1);
    expect(stdout).toContain(
      "  FAIL  a tag\n        expected to be denied at audience, but it was denied at subject\n",
    );
    expect(longest(stdout)).toBeLessThanOrEqual(80);
  });

  test("fails for a test file with errors, without a policy, or of a broken policy", () => {
    put("u/none.sts.test.yaml", suite(base));
    put("u/odd.sts.yaml", GOOD);
    put("u/odd.sts.test.yaml", suite(`${base}    expects: deny\n`));
    put("u/bad.sts.yaml", BROKEN);
    put("u/bad.sts.test.yaml", suite(base));
    const { status, stdout } = policy(["test", "u", "--format", "json"]);
    const told = JSON.parse(stdout).map(
      ({ file, outcomes }: { file: string; outcomes: { name: string; message: string }[] }) => [
        file,
        outcomes[0]?.name,
        outcomes[0]?.message,
      ],
    );
    expect(status).toBe(1);
    expect(told).toEqual([
      ["u/bad.sts.test.yaml", "policy 1:1", 'unknown key "Issuer"'],
      ["u/none.sts.test.yaml", "policy", "there is no none.sts.yaml beside it"],
      ["u/odd.sts.test.yaml", "8:5", "unknown key `tokens[0].expects`"],
    ]);
  });
});
