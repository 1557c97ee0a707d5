// What exists at the emulated GitHub: accounts, repositories, Apps, installations, tokens; and how one finds it. Plain
// state, no requests.

import type { Call } from "../core/calls.ts";
import type { Git } from "./git.ts";

export interface Account {
  readonly id: number;
  login: string;
  readonly type: "Organization" | "User";
}

export interface Repository {
  readonly id: number;
  name: string;
  owner: Account;
  visibility: "public" | "private" | "internal";
  readonly git: Git;
  readonly checkRuns: CheckRun[];
}

export interface CheckRun {
  readonly id: number;
  readonly appId: number;
  readonly name: string;
  readonly headSha: string;
  externalId: string | null;
  detailsUrl: string | null;
  status: string;
  conclusion: string | null;
  startedAt: string | null;
  completedAt: string | null;
  output: { title: string | null; summary: string | null; text: string | null };
  readonly annotations: Readonly<Record<string, unknown>>[];
}

export interface App {
  readonly id: number;
  readonly slug: string;
  readonly clientId: string;
  readonly owner: Account;
  readonly publicKeys: CryptoKey[];
  /** What it asks for; an installation has what its owner accepted of that. */
  readonly permissions: Permissions;
  readonly events: readonly string[];
  /** What its manifest said, where it was registered from one. */
  readonly manifest?: Manifest;
}

/** As GitHub documents it, of what is looked at. */
export interface Manifest {
  readonly name: string;
  readonly url: string;
  readonly hook_attributes?: { readonly url: string; readonly active?: boolean };
  readonly redirect_url?: string;
  readonly public?: boolean;
  readonly default_permissions: Permissions;
  readonly default_events: readonly string[];
}

/** Of an App that was registered from a manifest: what is handed out once for its code. */
export interface Registration {
  readonly code: string;
  readonly app: App;
  readonly pem: string;
  readonly webhookSecret: string | null;
  readonly clientSecret: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  used: boolean;
}

/** Who uses GitHub with a browser, and which organizations he owns. */
export interface Visitor {
  readonly account: Account;
  readonly organizations: readonly Account[];
}

/** A manifest that its visitor has not confirmed yet. */
export interface Proposal {
  readonly id: string;
  readonly owner: Account;
  readonly manifest: Manifest;
  readonly state: string | null;
}

export type Permissions = Readonly<Record<string, string>>;

export interface Installation {
  readonly id: number;
  readonly app: App;
  readonly account: Account;
  permissions: Permissions;
  /** "all", or the ids of the selected repositories. */
  repositories: "all" | Set<number>;
  /** Milliseconds, or null. */
  suspendedAt: number | null;
}

export interface MintedToken {
  readonly value: string;
  readonly installation: Installation;
  readonly permissions: Permissions;
  /** null: every repository of the installation, also later ones. */
  readonly repositories: readonly Repository[] | null;
  /** The body of the request that minted it, as it came. */
  readonly requested: unknown;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  revoked: boolean;
  /** The calls that were made with it, revocation included. */
  readonly uses: Call[];
}

export interface State {
  readonly now: () => number;
  readonly accounts: Account[];
  readonly repositories: Repository[];
  readonly apps: App[];
  readonly registrations: Registration[];
  readonly proposals: Proposal[];
  visitor: Visitor | null;
  readonly installations: Installation[];
  readonly tokens: MintedToken[];
  /** Beyond this many entries a tree's listing is truncated. */
  readonly treeEntriesMax: number;
  /** "owner/name" in lower case as it was -> id of the repository that had it. */
  readonly formerNames: Map<string, number>;
  nextId: number;
}

export function createState(now: () => number, treeEntriesMax = 100_000): State {
  return {
    now,
    accounts: [],
    repositories: [],
    apps: [],
    registrations: [],
    proposals: [],
    visitor: null,
    installations: [],
    tokens: [],
    treeEntriesMax,
    formerNames: new Map(),
    nextId: 1001,
  };
}

export const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

export function findAccount(state: State, login: string): Account | undefined {
  return state.accounts.find((account) => same(account.login, login));
}

export function findRepository(state: State, owner: string, name: string): Repository | undefined {
  return state.repositories.find((one) => same(one.owner.login, owner) && same(one.name, name));
}

/** The repository that had this name before, when nothing has it now. */
export function findMoved(state: State, owner: string, name: string): Repository | undefined {
  const id = state.formerNames.get(`${owner}/${name}`.toLowerCase());
  return state.repositories.find((one) => one.id === id);
}

export function installationOf(state: State, app: App, account: Account): Installation | undefined {
  return state.installations.find((one) => one.app === app && one.account === account);
}

export function covers(installation: Installation, repository: Repository): boolean {
  if (repository.owner !== installation.account) return false;
  return installation.repositories === "all" || installation.repositories.has(repository.id);
}

export function repositoriesOf(state: State, installation: Installation): Repository[] {
  return state.repositories.filter((one) => covers(installation, one));
}
