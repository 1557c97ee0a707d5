// One exchange per refusal of the catalogue: status, code, reason, OAuth error, public text, and that nothing was minted.

import { beforeEach, describe, expect, it } from "vitest";
import { REFUSALS, type Reason } from "../../worker/denial.ts";
import { reset } from "../support/storage.ts";
import { type Asking, createWorld, DOMAIN, POLICY, type World, type WorldOptions } from "../support/world.ts";

interface Row {
  readonly reason: Reason;
  readonly about: string;
  readonly options?: WorldOptions;
  readonly arrange?: (world: World) => void | Promise<void>;
  readonly asking?: Asking | ((world: World) => Asking);
  readonly message: string | ((world: World) => string);
  /** Where OAuth's description is not the message in single quotes. */
  readonly description?: (world: World) => string;
  /** What the log and the audit event say; the same as `reason` unless the caller gets the common answer. */
  readonly really?: Reason;
  readonly retryAfter?: string;
  /** The mint was called but refused, or undone. */
  readonly mints?: number;
}

const common = ({ owner }: World, identity = "deploy") =>
  `no installation found for "${owner}", or unable to find trust policy for "${identity}" that trusts this token`;

const put = (world: World, text: string) =>
  world.github.putFile(`${world.owner}/app`, ".github/chainguard/deploy.sts.yaml", text);
const putList = (world: World, text: string) =>
  world.github.putFile(`${world.owner}/.github`, ".github/chainguard/trusted-token-issuers.yaml", text);
const pathIn = ({ owner }: World) => `${owner}/app/.github/chainguard/deploy.sts.yaml`;
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const outsider = { claims: { repository_owner_id: "1", repository_visibility: "private" } };

const IDENTITY_GRAMMAR =
  "invalid identity: expected segments of letters, digits, '.', '_' or '-', separated by '/', at most 200 characters";

const SYNTAX: readonly Row[] = [
  {
    reason: "invalid_request",
    about: "a bad percent escape",
    asking: { method: "POST", body: "identity=%zz", headers: form },
    message: "invalid request: invalid percent escape in form body",
  },
  {
    reason: "invalid_request",
    about: "two identities",
    asking: { method: "POST", body: "identity=other", headers: form },
    message: 'invalid request: too many values for "identity"',
  },
  {
    reason: "invalid_request",
    about: "a body that is not what its type says",
    asking: { method: "POST", body: "{", headers: { "Content-Type": "application/json" } },
    message: "invalid request: the body is not JSON",
  },
  {
    reason: "request_too_large",
    about: "a query over 8 KiB",
    asking: { query: { x: "a".repeat(8192) } },
    message: "the query is larger than 8192 bytes",
  },
  {
    reason: "request_too_large",
    about: "a body over 64 KiB",
    asking: { method: "POST", body: `x=${"a".repeat(65536)}`, headers: form },
    message: "the body is larger than 65536 bytes",
  },
  { reason: "scope_missing", about: "no scope", asking: { scope: null }, message: "scope must be provided" },
  { reason: "identity_missing", about: "no identity", asking: { identity: "" }, message: "identity must be provided" },
  {
    reason: "scope_multiple",
    about: "two scopes",
    asking: { query: { scopes: "else/where" } },
    message: "multiple scopes not supported",
  },
  {
    reason: "scope_invalid",
    about: "three segments",
    asking: { scope: "a/b/c" },
    message: "invalid scope: expected owner or owner/repo",
  },
  {
    reason: "scope_invalid",
    about: "another host's URL",
    asking: { scope: "https://github.com.evil.example/acme/app" },
    message: "invalid scope: expected owner or owner/repo",
  },
  { reason: "identity_invalid", about: "a climb", asking: { identity: "a/../b" }, message: IDENTITY_GRAMMAR },
  {
    reason: "identity_invalid",
    about: "201 characters",
    asking: { identity: "a".repeat(201) },
    message: IDENTITY_GRAMMAR,
  },
  {
    reason: "narrowing_invalid",
    about: "an unknown permission",
    asking: { query: { permissions: "pull-requests:read" } },
    message: 'no permission is named "pull-requests"',
  },
  {
    reason: "narrowing_invalid",
    about: "a level that the permission does not have",
    asking: { query: { permissions: "contents:admin" } },
    message: '"contents" has no level "admin"',
  },
  {
    reason: "narrowing_invalid",
    about: "an empty list, which never means all",
    asking: { query: { repositories: "" } },
    message: '"repositories" has an empty entry',
  },
  {
    reason: "authorization_missing",
    about: "no header",
    asking: { authorization: null },
    message: "expected exactly one authorization header, got none",
  },
  {
    reason: "authorization_missing",
    about: "another scheme",
    asking: { authorization: "Basic abc" },
    message: "expected an authorization header of the form Bearer <OIDC token>",
  },
];

const TOKENS: readonly Row[] = [
  {
    reason: "token_malformed",
    about: "two parts",
    asking: { authorization: "Bearer a.b" },
    message: "invalid bearer token: not three parts",
  },
  {
    reason: "issuer_malformed",
    about: "http",
    asking: { claims: { iss: "http://x.test" } },
    message: "invalid issuer format",
  },
  {
    reason: "subject_malformed",
    about: "a tab",
    asking: { claims: { sub: "repo:acme/app:environment:fix\t(scope)" } },
    message: "invalid subject in token: character 30 of the subject is a tab (U+0009)",
  },
  {
    reason: "audience_malformed",
    about: "a pipe",
    asking: { claims: { aud: "a|b" } },
    message: "invalid audience in token: character 2 of the audience is `|` (U+007C)",
  },
  {
    reason: "token_unsupported",
    about: "no algorithm",
    asking: { sign: { tamper: "alg-none" } },
    message: "unable to verify bearer token: algorithm is missing or not supported",
  },
  {
    reason: "token_expired",
    about: "by a minute",
    asking: { sign: { exp: -60 } },
    message: "unable to verify bearer token: it expired 60 seconds ago (server time 2026-11-25T12:00:00.000Z)",
  },
  {
    reason: "token_not_yet_valid",
    about: "beyond the leeway",
    asking: { sign: { nbf: 400 } },
    message:
      "unable to verify bearer token: it is not valid for another 400 seconds (server time 2026-11-25T12:00:00.000Z)",
  },
  {
    reason: "token_from_the_future",
    about: "beyond the leeway",
    asking: { sign: { iat: 400 } },
    message:
      "unable to verify bearer token: it was issued in the future, by 400 seconds (server time 2026-11-25T12:00:00.000Z)",
  },
];

const GATES: readonly Row[] = [
  {
    reason: "misconfigured",
    about: "a wrong key, named and never shown",
    options: { variables: { GITHUB_APP_PRIVATE_KEY: "s3cret" } },
    message: "this deployment is misconfigured: GITHUB_APP_PRIVATE_KEY",
  },
  {
    reason: "owner_not_served",
    about: "ALLOWED_OWNERS",
    options: { variables: { ALLOWED_OWNERS: "somebody, else" } },
    message: ({ owner }) => `no GitHub App configured for org "${owner}"`,
  },
  {
    reason: "issuer_not_served",
    about: "ALLOWED_ISSUERS",
    options: { variables: { ALLOWED_ISSUERS: "https://issuer.example" } },
    message: "this deployment does not accept tokens of this issuer",
  },
  {
    reason: "issuer_unreachable",
    about: "a known issuer that is down",
    arrange: ({ network }) => network.fault({ route: "oidc.discovery", kind: "status", status: 503 }),
    message: "unable to reach the token's issuer for its keys",
    retryAfter: "5",
  },
  {
    reason: "issuer_invalid",
    about: "a known issuer without discovery",
    arrange: ({ network }) => network.fault({ route: "oidc.discovery", kind: "status", status: 404 }),
    message: "unable to fetch or create the provider",
  },
  {
    reason: "signature_invalid",
    about: "another key under a known issuer's name",
    asking: ({ unknownIssuer, actions }) => ({ issuer: unknownIssuer, claims: { iss: actions.url } }),
    message: "unable to verify bearer token: no key fits",
  },
  {
    reason: "not_found",
    really: "signature_invalid",
    about: "a forged token of an unknown issuer that the policy names",
    options: { policy: POLICY("acme-x", "https://token.actions.githubusercontent.com/unknown") },
    asking: ({ unknownIssuer }) => ({ issuer: unknownIssuer, sign: { tamper: "flip-sig" } }),
    message: common,
  },
];

const OWNERS: readonly Row[] = [
  {
    reason: "app_not_installed",
    about: "to the owner's workload",
    options: { install: false },
    message: ({ owner }) =>
      `no installation found for "${owner}": install the GitHub App on it (https://github.com/apps/app-7/installations/new)`,
  },
  {
    reason: "not_found",
    really: "app_not_installed",
    about: "to anyone else",
    options: { install: false },
    asking: { claims: { repository_owner: "else", repository_visibility: "private" } },
    message: common,
  },
  {
    reason: "repository_not_visible",
    about: "a repository that is not there",
    asking: ({ owner }) => ({ scope: `${owner}/none` }),
    message: ({ owner }) =>
      `no installation found for "${owner}/none": the owner has no repository of this name that the GitHub App can see`,
  },
  {
    reason: "installation_suspended",
    about: "to the owner's workload",
    arrange: ({ network }) => network.github.suspend(network.github.state.installations[0]?.id ?? 0),
    message: ({ owner }) =>
      `the GitHub App's installation on "${owner}" is suspended: an owner of it can lift that in its settings`,
  },
  {
    reason: "not_found",
    really: "installation_suspended",
    about: "to a workload of another owner",
    arrange: ({ network }) => network.github.suspend(network.github.state.installations[0]?.id ?? 0),
    asking: outsider,
    message: common,
  },
  {
    reason: "issuer_not_permitted",
    about: "an enforced list without it",
    arrange: (world) => void putList(world, "issuers: [https://issuer.example]\n"),
    asking: outsider,
    message: "issuer not permitted by organization policy",
  },
  {
    reason: "allow_list_invalid",
    about: "to the owner's workload",
    arrange: (world) => void putList(world, "mode: enforced\nissuers: [https://issuer.example]\n"),
    message: ({ owner }) =>
      `organization trusted-issuer configuration is invalid: ${owner}/.github/.github/chainguard/trusted-token-issuers.yaml:1:7: unknown mode "enforced" (write \`enforce\` or \`audit\`)`,
  },
  {
    reason: "allow_list_rate_limited",
    about: "a limit while it is read",
    arrange: ({ network }) =>
      network.fault({ route: "gh.contents", kind: "secondary", match: "trusted-token-issuers" }),
    asking: outsider,
    message: "organization trusted-issuer lookup rate limited",
    retryAfter: "60",
  },
  {
    reason: "allow_list_unavailable",
    about: "an outage while it is read",
    arrange: ({ network }) =>
      network.fault({ route: "gh.contents", kind: "status", status: 502, match: "trusted-token-issuers" }),
    asking: outsider,
    message: "organization trusted-issuer lookup unavailable",
    retryAfter: "5",
  },
  {
    reason: "policy_not_found",
    about: "to the owner's workload",
    asking: { identity: "other.sts.yaml" },
    message: ({ owner }) =>
      `unable to find trust policy for "other.sts.yaml": no file ${owner}/app/.github/chainguard/other.sts.yaml.sts.yaml; leave .sts.yaml out of the identity`,
  },
  {
    reason: "policy_not_found",
    about: "with what lies near, to the owner's workload",
    asking: { identity: "deplyo" },
    message: ({ owner }) =>
      `unable to find trust policy for "deplyo": no file ${owner}/app/.github/chainguard/deplyo.sts.yaml; did you mean "deploy"?`,
  },
  {
    reason: "policy_not_found",
    about: "to every verified caller where the repository is public",
    options: { visibility: "public" },
    asking: { ...outsider, identity: "none" },
    message: ({ owner }) =>
      `unable to find trust policy for "none": no file ${owner}/app/.github/chainguard/none.sts.yaml`,
  },
  {
    reason: "not_found",
    really: "policy_not_found",
    about: "to a workload of another owner",
    asking: { ...outsider, identity: "none" },
    message: (world) => common(world, "none"),
  },
  {
    reason: "policy_unreadable",
    about: "a directory",
    arrange: ({ network, owner }) =>
      void network.github.putFile(`${owner}/app`, ".github/chainguard/dir.sts.yaml/x", "x"),
    asking: { identity: "dir" },
    message: ({ owner }) =>
      `unable to read trust policy found for "dir": ${owner}/app/.github/chainguard/dir.sts.yaml is a directory`,
  },
  {
    reason: "policy_invalid",
    about: "faults with their places, to the owner's workload",
    arrange: (world) =>
      void put(world, "issuer: https://x.example\nsubject: s\npermissions:\n  pull-requests: write\n"),
    message: ({ owner }) =>
      `unable to parse or compile trust policy found for "deploy": ${owner}/app/.github/chainguard/deploy.sts.yaml:4:3: unknown permission "pull-requests" (did you mean \`pull_requests\`?)`,
  },
];

const PATTERN_POLICY = (subject: string) =>
  `issuer: https://token.actions.githubusercontent.com\nsubject_pattern: '${subject}'\npermissions:\n  issues: write\n`;

const POLICIES: readonly Row[] = [
  {
    reason: "issuer_mismatch",
    about: "to the owner's workload",
    arrange: (world) => void put(world, POLICY(world.owner, "https://issuer.example")),
    message: (world) =>
      `trust policy: issuer "https://token.actions.githubusercontent.com" did not match the policy's issuer "https://issuer.example" (${pathIn(world)}:1)`,
  },
  {
    reason: "not_found",
    really: "issuer_mismatch",
    about: "to an issuer that nobody knows",
    asking: ({ unknownIssuer }) => ({ issuer: unknownIssuer }),
    message: common,
  },
  {
    reason: "subject_mismatch",
    about: "the caller's own value, and the policy's to the owner alone",
    asking: { claims: { sub: "repo:x" } },
    message: (world) =>
      `trust policy: subject "repo:x" did not match the policy's subject "repo:${world.owner}/app:ref:refs/heads/main" (${pathIn(world)}:2)`,
  },
  {
    reason: "subject_mismatch",
    about: "to a workload of another owner",
    asking: { claims: { sub: "repo:x", ...outsider.claims } },
    message: 'trust policy: subject "repo:x" did not match',
  },
  {
    reason: "subject_mismatch",
    about: "a policy without the ids of today's subjects, to the owner",
    asking: ({ owner, ownerId }) => ({ claims: { sub: `repo:${owner}@${ownerId}/app@8:ref:refs/heads/main` } }),
    message: (world) => {
      const { owner, ownerId } = world;
      const [old, now] = [`repo:${owner}/app`, `repo:${owner}@${ownerId}/app@8`].map(
        (name) => `"${name}:ref:refs/heads/main"`,
      );
      return `trust policy: subject ${now} did not match the policy's subject ${old} (${pathIn(world)}:2): the policy lacks the ids that this repository's subjects have now; write subject ${now}`;
    },
  },
  {
    reason: "subject_mismatch",
    about: "the same of a pattern",
    arrange: (world) => void put(world, PATTERN_POLICY(`repo:${world.owner}/app:ref:refs/tags/v[0-9]+`)),
    asking: ({ owner, ownerId }) => ({ claims: { sub: `repo:${owner}@${ownerId}/app@8:ref:refs/tags/v1` } }),
    message: (world) => {
      const { owner, ownerId } = world;
      return `trust policy: subject "repo:${owner}@${ownerId}/app@8:ref:refs/tags/v1" did not match the policy's subject_pattern "repo:${owner}/app:ref:refs/tags/v[0-9]+" (${pathIn(world)}:2): the policy lacks the ids that this repository's subjects have now; write subject_pattern "repo:${owner}@${ownerId}/app@8:ref:refs/tags/v[0-9]+"`;
    },
    description: (world) =>
      `trust policy: subject 'repo:${world.owner}@${world.ownerId}/app@8:ref:refs/tags/v1' did not match the policy's subject_pattern (${pathIn(world)}:2): the policy lacks the ids that this repository's subjects have now`,
  },
  {
    reason: "subject_mismatch",
    about: "an environment in the branch's place",
    asking: ({ owner }) => ({ claims: { sub: `repo:${owner}/app:environment:prod`, ref: "refs/heads/main" } }),
    message: (world) =>
      `trust policy: subject "repo:${world.owner}/app:environment:prod" did not match the policy's subject "repo:${world.owner}/app:ref:refs/heads/main" (${pathIn(world)}:2): the job's environment "prod" stands in place of its branch; write subject "repo:${world.owner}/app:environment:prod", and the branch as claim_pattern ref`,
  },
  {
    reason: "subject_mismatch",
    about: "what is missing in the policy is the owner's to know",
    asking: ({ owner }) => ({ claims: { sub: `repo:${owner}@1/app@8:ref:refs/heads/main`, ...outsider.claims } }),
    message: ({ owner }) => `trust policy: subject "repo:${owner}@1/app@8:ref:refs/heads/main" did not match`,
  },
  {
    reason: "audience_mismatch",
    about: "two audiences by default, to the owner",
    asking: { claims: { aud: "a.example" } },
    message: (world) =>
      `trust policy: audience ["a.example"] did not match the default audience "${DOMAIN}" or "https://${DOMAIN}" (${pathIn(world)}): ask the issuer for a token with that audience`,
  },
  {
    reason: "audience_mismatch",
    about: "another audience",
    asking: { claims: { aud: ["a.example", "b.example"], ...outsider.claims } },
    message: 'trust policy: audience ["a.example" "b.example"] did not match',
  },
  {
    reason: "audience_mismatch",
    about: "none",
    asking: { claims: { aud: null, ...outsider.claims } },
    message: "trust policy: expected audience not found in token",
  },
  {
    reason: "claim_mismatch",
    about: "a pattern, shown to the owner",
    arrange: (world) => void put(world, `${POLICY(world.owner)}claim_pattern:\n  ref: refs/tags/.*\n`),
    message: (world) =>
      `trust policy: claim "ref" "refs/heads/main" did not match the policy's claim_pattern "refs/tags/.*" (${pathIn(world)}:6)`,
    description: (world) =>
      `trust policy: claim 'ref' 'refs/heads/main' did not match the policy's claim_pattern (${pathIn(world)}:6)`,
  },
  {
    reason: "token_too_long_lived",
    about: "both numbers to the owner",
    arrange: (world) => void put(world, `${POLICY(world.owner)}max_token_lifetime: 300\n`),
    message: (world) =>
      `trust policy: the token lives 600 seconds, more than the policy's max_token_lifetime 300 (${pathIn(world)}:5)`,
  },
  {
    reason: "app_not_available",
    about: "a policy for another App",
    arrange: (world) => void put(world, `${POLICY(world.owner)}app: nightly\n`),
    message: ({ owner }) =>
      `trust policy: no GitHub App that it lets make the token is available: app "nightly" fits no App of this deployment that serves "${owner}"`,
  },
  {
    reason: "narrowing_exceeds_policy",
    about: "more than the policy grants",
    asking: { query: { permissions: "issues:write,contents:read", repositories: "app,other" } },
    message: "asked for more than the trust policy grants: contents:read, other",
  },
  {
    reason: "audit_unavailable",
    about: "the queue that must take the event of a grant does not",
    options: {
      variables: { AUDIT_REQUIRED: "queue" },
      bindings: { AUDIT_QUEUE: { send: () => Promise.reject(new Error("refused")) } },
    },
    message: "this deployment hands out no token that it cannot record, and its audit events are not taken now",
    retryAfter: "5",
    mints: 1,
  },
];

const GITHUB: readonly Row[] = [
  {
    reason: "permission_not_held",
    about: "which, to the owner",
    options: { permissions: { contents: "read", metadata: "read" } },
    message: ({ owner, network }) =>
      `token exchange failure: the installation lacks a permission that the policy grants: issues:write (https://github.com/organizations/${owner}/settings/installations/${network.github.state.installations[0]?.id})`,
    mints: 1,
  },
  {
    reason: "permission_not_held",
    about: "in general, to anyone else",
    options: { permissions: { contents: "read", metadata: "read" } },
    asking: outsider,
    message: "token exchange failure: the installation lacks a permission that the policy grants",
    mints: 1,
  },
  {
    reason: "repository_not_in_installation",
    about: "in general, to anyone else",
    arrange: ({ network, owner }) =>
      void network.github.putFile(
        `${owner}/.github`,
        ".github/chainguard/deploy.sts.yaml",
        `${POLICY(owner)}repositories: [app, vanished]\n`,
      ),
    asking: ({ owner }) => ({ ...outsider, scope: owner }),
    message: "token exchange failure: the installation does not see a repository that the policy names",
    mints: 1,
  },
  {
    reason: "github_rate_limited",
    about: "a secondary limit on the mint",
    arrange: ({ network }) => network.fault({ route: "gh.mint", kind: "secondary", match: '"issues"' }),
    message: "GitHub API rate limit exceeded",
    retryAfter: "60",
    mints: 1,
  },
  {
    reason: "github_forbidden",
    about: "a 403 without a sign of a limit",
    arrange: ({ network }) => network.fault({ route: "gh.mint", kind: "status", status: 403, match: '"issues"' }),
    asking: outsider,
    message: "GitHub forbids this App the call",
    mints: 1,
  },
  {
    reason: "github_unavailable",
    about: "a 500 of the mint, which is never repeated",
    arrange: ({ network }) => network.fault({ route: "gh.mint", kind: "status", status: 500, match: '"issues"' }),
    message: "GitHub is unavailable",
    retryAfter: "5",
    mints: 1,
  },
  {
    reason: "github_invalid_answer",
    about: "an answer that is not JSON",
    arrange: ({ network }) => network.fault({ route: "gh.installations", kind: "garbage" }),
    message: "GitHub answered something unexpected",
  },
  {
    reason: "app_credentials_rejected",
    about: "a 401 on the App's JWT",
    arrange: ({ network }) => network.fault({ route: "gh.installations", kind: "status", status: 401 }),
    message: "GitHub refuses this deployment's App credentials",
  },
  {
    reason: "grant_mismatch",
    about: "more granted than asked",
    arrange: ({ network, owner }) => {
      const body = JSON.stringify({
        token: "ghs_more",
        expires_at: "2026-11-25T13:00:00Z",
        permissions: { issues: "write", contents: "write", metadata: "read" },
        repository_selection: "selected",
        repositories: [
          { id: 1, name: "app", full_name: `${owner}/app`, private: true, owner: { login: owner, id: 1 } },
        ],
      });
      network.fault({ route: "gh.mint", kind: "status", status: 201, body, match: '"issues"' });
    },
    message: "GitHub granted something else than was asked; the token was revoked",
    mints: 1,
  },
];

function titleOf({ reason, about, really }: Row): string {
  return `${reason}${really ? ` (${really})` : ""}: ${about}`;
}

async function check(row: Row): Promise<void> {
  const world = await createWorld(row.options);
  await row.arrange?.(world);
  const asking = typeof row.asking === "function" ? row.asking(world) : row.asking;
  const answer = await world.ask(asking);
  const { status, code, error } = REFUSALS[row.reason];
  const message = typeof row.message === "function" ? row.message(world) : row.message;
  const description = row.description?.(world) ?? message.replaceAll('"', "'");
  expect(answer.body).toEqual({
    code,
    message,
    details: [],
    reason: row.reason,
    error,
    error_description: description,
    ...(row.reason === "misconfigured" ? {} : { error_uri: `https://${DOMAIN}/reasons/${row.reason}` }),
    request_id: answer.headers.get("X-Request-Id"),
  });
  expect(answer.text).toMatch(/^[^\n]+\n$/);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("Retry-After")).toBe(row.retryAfter ?? null);
  expect(answer.headers.get("WWW-Authenticate")).toBe(
    status === 401 ? `Bearer error="${error}", error_description="${description}"` : null,
  );
  expect(world.grantMints()).toBe(row.mints ?? 0);
  expect(world.github.tokens.filter(({ revoked }) => !revoked)).toEqual([]);
  if (row.reason !== "misconfigured") {
    expect(world.worker.audits()).toMatchObject([
      { outcome: "refused", reason: row.really ?? row.reason, reported_reason: row.reason },
    ]);
  }
}

const ROWS = { syntax: SYNTAX, token: TOKENS, gates: GATES, owner: OWNERS, policy: POLICIES, GitHub: GITHUB };

beforeEach(() => reset());

for (const [group, rows] of Object.entries(ROWS)) {
  describe(`refusals of the ${group}`, () => {
    it.each(rows.map((row) => [titleOf(row), row] as const))("%s", (_title, row) => check(row));
  });
}

describe("refusals that need more than one request", () => {
  it("caller_rate_limited: after too many refusals from one address, and only for what is refused", async () => {
    const world = await createWorld();
    const from = { "CF-Connecting-IP": "2001:db8:1:2::1" };
    const junk: Asking = { authorization: "Bearer a.b.c", headers: from };
    for (let i = 0; i < 60; i++) expect((await world.ask(junk)).body.reason).toBe("token_malformed");
    const limited = await world.ask({ ...junk, headers: { "CF-Connecting-IP": "2001:db8:1:2:ffff::9" } });
    expect(limited.status).toBe(429);
    expect(limited.body).toMatchObject({ code: 8, reason: "caller_rate_limited", error: "temporarily_unavailable" });
    expect(limited.headers.get("Retry-After")).toBe("60");
    expect(world.calls).toEqual([]);
    expect((await world.ask({ headers: from })).status).toBe(200);
    expect((await world.ask({ ...junk, headers: { "CF-Connecting-IP": "2001:db8:1:3::1" } })).body.reason).toBe(
      "token_malformed",
    );
    world.clock.now += 60_000;
    expect((await world.ask(junk)).body.reason).toBe("token_malformed");
  });

  it("deadline_exceeded: ten seconds for all of it", async () => {
    const world = await createWorld();
    world.network.fault({ route: "oidc.discovery", kind: "delay", delayMs: 2_900 });
    world.network.fault({ route: "oidc.jwks", kind: "delay", delayMs: 2_900 });
    world.network.fault({ route: "gh.contents", kind: "delay", delayMs: 3_900 });
    world.network.fault({ route: "gh.mint", kind: "delay", delayMs: 3_900, match: '"issues"' });
    const answer = await world.ask();
    expect(answer.status).toBe(504);
    expect(answer.body).toMatchObject({ code: 4, reason: "deadline_exceeded", message: "the exchange took too long" });
    expect(world.github.tokens.filter(({ revoked }) => !revoked)).toEqual([]);
  });

  it("internal: a bug tells the caller nothing but the request id", async () => {
    const world = await createWorld();
    let looks = 0;
    const { now } = world.clock;
    // The exchange's own start is the first look.
    Object.defineProperty(world.clock, "now", {
      get() {
        if (looks++ === 1) throw new Error("secret");
        return now;
      },
    });
    const answer = await world.ask({ authorization: "Bearer a.b.c" });
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ code: 13, reason: "internal", message: "internal error" });
    expect(answer.text).not.toContain("secret");
    expect(JSON.stringify(world.worker.logs)).not.toContain("secret");
  });
});

it("every reason of the catalogue is told in a story above", () => {
  const apart: readonly Reason[] = ["caller_rate_limited", "deadline_exceeded", "internal"];
  const world = new Set([...Object.values(ROWS).flatMap((rows) => rows.map(({ reason }) => reason)), ...apart]);
  expect(Object.keys(REFUSALS).filter((reason) => !world.has(reason as Reason))).toEqual([]);
});

it("the worlds' domain is the default audience", () => {
  expect(DOMAIN).toBe("sts.example.com");
});
