// How a test tells the story of its world: who exists, what they own, what is installed where. Changes plain state; no
// requests. A name that does not exist is a mistake of the test: it throws.

import { type Change, type Commit, createGit, type FileContent } from "./git.ts";
import {
  type Account,
  type App,
  findAccount,
  findRepository,
  fullName,
  type Installation,
  type Permissions,
  type Repository,
  type State,
} from "./state.ts";

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the test's world has no ${what}`);
  return value;
}

export interface AppOptions {
  readonly id: number;
  readonly publicKeys: readonly CryptoKey[];
  readonly slug?: string;
  readonly permissions?: Permissions;
  readonly events?: readonly string[];
}

export interface InstallOptions {
  readonly app: number;
  readonly owner: string;
  readonly permissions?: Permissions;
  readonly repositories?: "all" | readonly string[];
  readonly id?: number;
}

/** The builders. Repositories are named "owner/name", accounts by login, Apps and installations by id. */
export type Builders = ReturnType<typeof createBuilders>;

function accountBuilders(state: State) {
  const claim = (id?: number): number => id ?? state.nextId++;
  function addAccount(login: string, options: { id?: number; type?: Account["type"] } = {}): Account {
    if (findAccount(state, login) !== undefined) throw new Error(`the test's world already has ${login}`);
    const account: Account = { id: claim(options.id), login, type: options.type ?? "Organization" };
    state.accounts.push(account);
    return account;
  }
  function renameOwner(login: string, to: string): void {
    const account = found(findAccount(state, login), `account ${login}`);
    for (const one of state.repositories) {
      if (one.owner === account) state.formerNames.set(fullName(one).toLowerCase(), one.id);
    }
    account.login = to;
  }
  return {
    addAccount,
    addOrganization: (login: string, options: { id?: number } = {}) =>
      addAccount(login, { ...options, type: "Organization" }),
    addUser: (login: string, options: { id?: number } = {}) => addAccount(login, { ...options, type: "User" }),
    renameOwner,
    /** In the one browser that this GitHub knows of. */
    signIn(login: string, { owns = [] }: { readonly owns?: readonly string[] } = {}): void {
      const named = (name: string) => found(findAccount(state, name), `account ${name}`);
      state.visitor = { account: named(login), organizations: owns.map(named) };
    },
  };
}

function repositoryBuilders(state: State) {
  function get(name: string): Repository {
    const [owner = "", repo = ""] = name.split("/");
    return found(findRepository(state, owner, repo), `repository ${name}`);
  }
  function addRepository(
    name: string,
    options: {
      id?: number;
      visibility?: Repository["visibility"];
      files?: Change["files"];
      defaultBranch?: string;
    } = {},
  ): Repository {
    const [login = "", repo = ""] = name.split("/");
    const owner = found(findAccount(state, login), `account ${login}`);
    if (findRepository(state, login, repo)) throw new Error(`the test's world already has ${name}`);
    const repository: Repository = {
      id: options.id ?? state.nextId++,
      name: repo,
      owner,
      visibility: options.visibility ?? "private",
      git: createGit(state.now, options.defaultBranch),
      checkRuns: [],
    };
    repository.git.commit({ message: "Initial commit", files: options.files ?? {} });
    state.repositories.push(repository);
    return repository;
  }
  function moveAway(repository: Repository, owner: Account, name: string): void {
    state.formerNames.set(fullName(repository).toLowerCase(), repository.id);
    repository.owner = owner;
    repository.name = name;
    state.formerNames.delete(fullName(repository).toLowerCase());
  }
  return {
    repository: get,
    addRepository,
    renameRepository: (name: string, to: string): void => moveAway(get(name), get(name).owner, to),
    transferRepository(name: string, owner: string): void {
      moveAway(get(name), found(findAccount(state, owner), `account ${owner}`), get(name).name);
    },
    /** A fork has the objects and branches of its parent, and is read under the parent's name by commit id. */
    forkRepository(from: string, to: string): Repository {
      const parent = get(from);
      const [login = "", name = ""] = to.split("/");
      const owner = found(findAccount(state, login), `account ${login}`);
      const git = createGit(state.now, parent.git.defaultBranch, parent.git);
      for (const [branch, sha] of parent.git.branches) git.branches.set(branch, sha);
      const { visibility } = parent;
      const fork: Repository = { id: state.nextId++, name, owner, visibility, git, checkRuns: [] };
      state.repositories.push(fork);
      return fork;
    },
    deleteRepository: (name: string): void => {
      state.repositories.splice(state.repositories.indexOf(get(name)), 1);
    },
    putFile: (name: string, path: string, content: FileContent): Commit =>
      get(name).git.commit({ files: { [path]: content } }),
    removeFile: (name: string, path: string): Commit => get(name).git.commit({ files: { [path]: null } }),
    commit: (name: string, change: Change): Commit => get(name).git.commit(change),
  };
}

function appBuilders(state: State) {
  const named = (id: number): Installation =>
    found(
      state.installations.find((one) => one.id === id),
      `installation ${id}`,
    );
  function select(owner: Account, names: InstallOptions["repositories"]): Installation["repositories"] {
    if (names === undefined || names === "all") return "all";
    return new Set(names.map((name) => found(findRepository(state, owner.login, name), name).id));
  }
  return {
    /** `owner` (default: an account `app-owner`) is the App's developer, not where it is installed. */
    addApp(options: AppOptions): App {
      const owner: Account = { id: 900_000 + options.id, login: "app-owner", type: "Organization" };
      const slug = options.slug ?? `app-${options.id}`;
      const clientId = `Iv23li${String(options.id).padStart(14, "0")}`;
      const { id, permissions = { contents: "write" }, events = ["push"] } = options;
      const publicKeys = [...options.publicKeys];
      const app = { id, slug, clientId, owner, publicKeys, permissions: { metadata: "read", ...permissions }, events };
      state.apps.push(app);
      return app;
    },
    /** With what the App asks for, unless it is told otherwise. */
    install(options: InstallOptions): Installation {
      const app = found(
        state.apps.find((one) => one.id === options.app),
        `App ${options.app}`,
      );
      const { permissions = app.permissions } = options;
      const account = found(findAccount(state, options.owner), `account ${options.owner}`);
      const installation: Installation = {
        id: options.id ?? state.nextId++,
        app,
        account,
        permissions: { metadata: "read", ...permissions },
        repositories: select(account, options.repositories),
        suspendedAt: null,
      };
      state.installations.push(installation);
      return installation;
    },
    suspend: (id: number): void => {
      named(id).suspendedAt = state.now();
    },
    unsuspend: (id: number): void => {
      named(id).suspendedAt = null;
    },
    uninstall: (id: number): void => {
      state.installations.splice(state.installations.indexOf(named(id)), 1);
    },
    setPermissions: (id: number, permissions: Permissions): void => {
      named(id).permissions = { metadata: "read", ...permissions };
    },
    selectRepositories: (id: number, names: "all" | readonly string[]): void => {
      named(id).repositories = select(named(id).account, names);
    },
  };
}

export function createBuilders(state: State) {
  return { ...accountBuilders(state), ...repositoryBuilders(state), ...appBuilders(state) };
}
