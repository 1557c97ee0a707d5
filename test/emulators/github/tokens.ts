// Minting and revoking installation tokens: the place where GitHub widens what it is not told, and refuses what the
// installation lacks. No state of its own.

import { toBase64Url } from "../core/base64.ts";
import { type Answer, notFound, ok, refusal, timestamp } from "./answers.ts";
import { asApp, asToken, atLeast, type Checked, type Context, isRecord, type Route } from "./route.ts";
import { repositoryJson } from "./shapes.ts";
import {
  type Installation,
  type MintedToken,
  type Permissions,
  type Repository,
  repositoriesOf,
  same,
} from "./state.ts";

const DOCS = "/apps/apps#create-an-installation-access-token-for-an-app";
const LIFETIME_MS = 3_600_000;
const REPOSITORIES_MAX = 500;

const NOT_GRANTED = "The permissions requested are not granted to this installation.";
const NO_SUCH_REPOSITORY =
  "There is at least one repository that does not exist or is not accessible to the parent installation.";

const invalid = (what: string): Answer => refusal(422, `Invalid request.\n\n${what}`, DOCS);

/** Names whose levels are not just read and write, after GitHub's own description of app-permissions. */
const OTHER_LEVELS = new Map<string, readonly string[]>([
  ["workflows", ["write"]],
  ["profile", ["write"]],
  ["organization_plan", ["read"]],
  ["organization_events", ["read"]],
  ["repository_projects", ["read", "write", "admin"]],
  ["organization_projects", ["read", "write", "admin"]],
  ["organization_custom_properties", ["read", "write", "admin"]],
  ["enterprise_custom_properties_for_organizations", ["read", "write", "admin"]],
]);

export const levelsOf = (permission: string): readonly string[] => OTHER_LEVELS.get(permission) ?? ["read", "write"];

/** Absent and empty permissions mean everything the installation has; metadata is always readable. */
function permissionsFor(installation: Installation, asked: unknown): Checked<Permissions> {
  if (asked === undefined || asked === null) return { value: { ...installation.permissions } };
  if (!isRecord(asked)) return { stop: invalid(`For 'permissions', ${JSON.stringify(asked)} is not an object.`) };
  if (Object.keys(asked).length === 0) return { value: { ...installation.permissions } };
  const granted = new Map<string, string>();
  for (const [name, level] of Object.entries(asked)) {
    const levels = levelsOf(name);
    if (typeof level !== "string" || !levels.includes(level)) {
      return { stop: invalid(`${level} is not a possible value. Must be one of the following: ${levels.join(", ")}.`) };
    }
    const held = Object.hasOwn(installation.permissions, name) ? installation.permissions[name] : undefined;
    if (!atLeast(held, level)) return { stop: refusal(422, NOT_GRANTED, DOCS) };
    granted.set(name, level);
  }
  if (!granted.has("metadata")) granted.set("metadata", "read");
  return { value: Object.fromEntries(granted) };
}

/** null: the body names none, so the token has all of the installation's. Bare names only, in any case. */
function repositoriesFor(at: Context, installation: Installation, body: Body): Checked<Repository[] | null> {
  const { repositories: names, repository_ids: ids } = body;
  if (names === undefined && ids === undefined) return { value: null };
  const listed = names ?? ids;
  if (!Array.isArray(listed)) return { stop: invalid("For 'repositories', the value is not an array.") };
  const wanted: unknown[] = listed;
  const type = names === undefined ? "number" : "string";
  const odd = wanted.find((one) => typeof one !== type);
  if (odd !== undefined) return { stop: invalid(`For 'items', ${JSON.stringify(odd)} is not a ${type}.`) };
  // The trap: an empty list is no restriction.
  if (wanted.length === 0) return { value: null };
  if (wanted.length > REPOSITORIES_MAX) return { stop: invalid(`No more than ${REPOSITORIES_MAX} items are allowed.`) };
  const seen = repositoriesOf(at.state, installation);
  const chosen = new Set<Repository>();
  for (const one of wanted) {
    const hit = seen.find((repository) =>
      typeof one === "string" ? same(repository.name, one) : repository.id === one,
    );
    if (hit === undefined) return { stop: refusal(422, NO_SUCH_REPOSITORY, DOCS) };
    chosen.add(hit);
  }
  return { value: [...chosen] };
}

interface Body {
  readonly repositories?: unknown;
  readonly repository_ids?: unknown;
  readonly permissions?: unknown;
}

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

/** ghs_<App>_<JWT> of 520 characters, or the older 40, by the header that chooses between them. */
function tokenValue(at: Context, installation: Installation, expiresAt: number): string {
  if (at.request.headers.get("x-github-stateless-s2s-token") === "disabled") {
    return `ghs_${[...random(36)].map((byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[byte % 52]).join("")}`;
  }
  const header = toBase64Url(JSON.stringify({ typ: "JWT", alg: "ES256" }));
  const serial = at.state.tokens.length + 1;
  const claims = { exp: Math.floor(expiresAt / 1000), installation_id: installation.id, serial };
  const head = `ghs_${installation.app.id}_${header}.${toBase64Url(JSON.stringify(claims))}.`;
  return (
    head +
    toBase64Url(random(400))
      .replaceAll("-", "A")
      .slice(0, Math.max(36, 520 - head.length))
  );
}

function mint(at: Context): Answer {
  const app = asApp(at);
  if (app.stop !== undefined) return app.stop;
  const installation = at.state.installations.find((one) => one.app === app.value && String(one.id) === at.params.id);
  if (installation === undefined) return notFound(DOCS);
  if (installation.suspendedAt !== null) return refusal(403, "This installation has been suspended", DOCS);
  if (at.body !== undefined && !isRecord(at.body)) return refusal(400, "Body should be a JSON object", DOCS);
  const body: Body = at.body ?? {};
  const repositories = repositoriesFor(at, installation, body);
  if (repositories.stop !== undefined) return repositories.stop;
  const permissions = permissionsFor(installation, body.permissions);
  if (permissions.stop !== undefined) return permissions.stop;
  const expiresAt = (Math.floor(at.state.now() / 1000) + LIFETIME_MS / 1000) * 1000;
  const token: MintedToken = {
    value: tokenValue(at, installation, expiresAt),
    installation,
    permissions: permissions.value,
    repositories: repositories.value,
    requested: at.body ?? null,
    expiresAt,
    revoked: false,
    uses: [],
  };
  at.state.tokens.push(token);
  const selected = token.repositories !== null || installation.repositories !== "all";
  return ok(
    {
      token: token.value,
      expires_at: timestamp(expiresAt),
      permissions: token.permissions,
      repository_selection: selected ? "selected" : "all",
      ...(token.repositories === null
        ? {}
        : { repositories: token.repositories.map((one) => repositoryJson(one, at.bases)) }),
    },
    201,
  );
}

function revoke(at: Context): Answer {
  const token = asToken(at);
  if (token.stop !== undefined) return token.stop;
  token.value.revoked = true;
  return { status: 204, body: null };
}

export const tokenRoutes: readonly Route[] = [
  { id: "gh.mint", method: "POST", path: "/app/installations/:id/access_tokens", okStatus: 201, answer: mint },
  { id: "gh.revoke", method: "DELETE", path: "/installation/token", okStatus: 204, answer: revoke },
];
