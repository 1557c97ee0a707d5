/**
 * GitHub's answers as far as this service reads them: bounded, with only the fields that are needed, tolerant of all others. Pure
 * parsing of foreign data; undefined means that the answer is not of its kind.
 */

import * as v from "valibot";
import { OWNER_NAME } from "../../policies/names.ts";
import { isObject, type JsonObject, ownProperty } from "../../policies/objects.ts";
import { readAppKeys } from "./app.ts";

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** Names and levels of permissions: they go into answers and headers. */
const word = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_-]{0,99}$/));
const login = v.pipe(v.string(), v.regex(OWNER_NAME));
const repositoryName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,100}$/));
/** It goes into a header. No rule on its length but that of the answer: GitHub's formats change. */
const token = v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/));
const selection = v.picklist(["all", "selected"]);
const record = v.custom<JsonObject>(isObject);
/** Own entries only, so that a name like `__proto__` is data; strict, as what was granted must be known to the last entry. */
const permissions = v.pipe(
  record,
  v.transform((entries) => Object.entries(entries)),
  v.array(v.tuple([word, word])),
  v.maxLength(500),
  v.transform((entries): ReadonlyMap<string, string> => new Map(entries)),
);
/** The same where it only words a refusal: what is no permission is left out. */
const permissionsHeld = v.pipe(
  record,
  v.transform((entries) => Object.entries(entries).filter((entry) => v.is(v.tuple([word, word]), entry))),
  v.array(v.tuple([word, word])),
  v.transform((entries): ReadonlyMap<string, string> => new Map(entries.slice(0, 500))),
);

/** Where an App is installed. Also how the cache keeps it. */
export interface Installation {
  readonly id: number;
  readonly appId: string;
  /** The App's name in addresses, and its bot's; for people. */
  readonly appSlug?: string | undefined;
  /** As GitHub spells it. */
  readonly owner: string;
  /** The owner's number: unlike its name it is never given to somebody else. */
  readonly accountId: number;
  readonly ownerType: "Organization" | "User";
  readonly repositorySelection: "all" | "selected";
  /** Words a refusal; never decides one. */
  readonly permissions: ReadonlyMap<string, string>;
  readonly suspended: boolean;
}

/** An App's name in addresses. */
const slug = v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,100}$/));

const installationShape = v.object({
  id,
  app_slug: v.fallback(v.optional(slug), undefined),
  account: v.object({ login, id }),
  target_type: v.optional(v.string()),
  repository_selection: selection,
  permissions: permissionsHeld,
  suspended_at: v.nullish(v.string()),
});

export function parseInstallation(json: unknown, appId: string): Installation | undefined {
  const parsed = v.safeParse(installationShape, json);
  if (!parsed.success) return undefined;
  const { account, ...found } = parsed.output;
  return {
    id: found.id,
    appId,
    appSlug: found.app_slug,
    owner: account.login,
    accountId: account.id,
    ownerType: found.target_type === "User" ? "User" : "Organization",
    repositorySelection: found.repository_selection,
    permissions: found.permissions,
    suspended: typeof found.suspended_at === "string",
  };
}

const listedInstallation = v.object({ account: v.object({ login }) });

/** The accounts of one page of installations; one on an enterprise as a whole has no account of that kind, and is left out. */
export function parseInstallationPage(json: unknown): { logins: readonly string[]; entries: number } | undefined {
  if (!Array.isArray(json)) return undefined;
  const logins = json.flatMap((entry) => {
    const parsed = v.safeParse(listedInstallation, entry);
    return parsed.success ? [parsed.output.account.login] : [];
  });
  return { logins, entries: json.length };
}

const repositoryPage = v.object({
  total_count: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  repositories: v.pipe(v.array(v.object({ name: repositoryName })), v.maxLength(1_000)),
});

/** One page of the repositories that an installation sees; `total`: how many there are on all pages. */
export function parseRepositoryPage(json: unknown): { names: readonly string[]; total: number } | undefined {
  const parsed = v.safeParse(repositoryPage, json);
  if (!parsed.success) return undefined;
  return { names: parsed.output.repositories.map(({ name }) => name), total: parsed.output.total_count };
}

export interface MintedRepository {
  /** Unlike its name it is never given to another repository. */
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly public: boolean;
}

/** What a mint granted: its response, all but the token, which is taken out first and on its own. */
export interface MintResponse {
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly permissions: ReadonlyMap<string, string>;
  readonly repositorySelection: "all" | "selected";
  /** Undefined when the answer lists none. */
  readonly repositories: readonly MintedRepository[] | undefined;
}

const mintShape = v.object({
  expires_at: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/)),
  permissions,
  repository_selection: selection,
  repositories: v.optional(
    v.pipe(
      v.array(
        v.object({
          id,
          name: repositoryName,
          owner: v.object({ login }),
          private: v.boolean(),
          visibility: v.optional(v.string()),
        }),
      ),
      v.maxLength(1_000),
    ),
  ),
});

/** The token of an answer that is otherwise anything: whatever carries one has to be revoked or handed out. */
export function tokenIn(json: unknown): string | undefined {
  const parsed = v.safeParse(token, ownProperty(json, "token"));
  return parsed.success ? parsed.output : undefined;
}

export function parseMintResponse(json: unknown): MintResponse | undefined {
  const parsed = v.safeParse(mintShape, json);
  if (!parsed.success || Number.isNaN(Date.parse(parsed.output.expires_at))) return undefined;
  const { repositories, ...answer } = parsed.output;
  return {
    expiresAt: answer.expires_at,
    permissions: answer.permissions,
    repositorySelection: answer.repository_selection,
    repositories: repositories?.map((repository) => ({
      id: repository.id,
      owner: repository.owner.login,
      name: repository.name,
      // GHES calls internal repositories private as well; only what both fields call public is.
      public: !repository.private && (repository.visibility ?? "public") === "public",
    })),
  };
}

export interface AppInfo {
  readonly id: number;
  readonly slug: string | undefined;
  readonly permissions: ReadonlyMap<string, string>;
  readonly events: readonly string[];
}

const appShape = v.object({
  id,
  slug: v.optional(slug),
  permissions: permissionsHeld,
  events: v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(500)),
});

export function parseApp(json: unknown): AppInfo | undefined {
  const parsed = v.safeParse(appShape, json);
  if (!parsed.success) return undefined;
  return { ...parsed.output, slug: parsed.output.slug };
}

/** An App, as GitHub hands it out to whoever registered it. */
export interface RegisteredApp {
  readonly id: string;
  /** Its name in addresses. */
  readonly slug: string;
  /** The account that it was registered for. */
  readonly owner: string;
  /** PEM. */
  readonly privateKey: string;
  /** Undefined where the manifest had no webhook. */
  readonly webhookSecret: string | undefined;
}

const registeredShape = v.object({
  id,
  slug,
  owner: v.object({ login }),
  pem: v.pipe(
    v.string(),
    v.maxLength(16_384),
    v.check((text) => readAppKeys(text).ok),
  ),
  webhook_secret: v.nullish(token),
});

export function parseRegisteredApp(json: unknown): RegisteredApp | undefined {
  const parsed = v.safeParse(registeredShape, json);
  if (!parsed.success) return undefined;
  const { owner, pem: privateKey, webhook_secret, ...app } = parsed.output;
  return {
    id: String(app.id),
    slug: app.slug,
    owner: owner.login,
    privateKey,
    webhookSecret: webhook_secret ?? undefined,
  };
}
