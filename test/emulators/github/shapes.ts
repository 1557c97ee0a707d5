// GitHub's JSON for accounts, repositories, Apps and installations, complete enough for its own schema. Pure.

import { nodeId, timestamp } from "./answers.ts";
import { type Account, type App, fullName, type Installation, type Repository } from "./state.ts";

/** The addresses that answers are built from. `api` has no final slash. */
export interface Bases {
  readonly api: string;
  readonly web: string;
}

type Json = Record<string, unknown>;

const USER_URLS = ["followers", "subscriptions", "organizations", "repos", "received_events"];
const USER_TEMPLATES: Record<string, string> = {
  following: "following{/other_user}",
  gists: "gists{/gist_id}",
  starred: "starred{/owner}{/repo}",
  events: "events{/privacy}",
};

export function accountJson(account: Account, bases: Bases): Json {
  const url = `${bases.api}/users/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.type === "User" ? "U" : "O", account.id),
    avatar_url: `${bases.web}/avatars/u/${account.id}?v=4`,
    gravatar_id: "",
    url,
    html_url: `${bases.web}/${account.login}`,
    ...Object.fromEntries(USER_URLS.map((name) => [`${name}_url`, `${url}/${name}`])),
    ...Object.fromEntries(Object.entries(USER_TEMPLATES).map(([name, path]) => [`${name}_url`, `${url}/${path}`])),
    type: account.type,
    user_view_type: "public",
    site_admin: false,
  };
}

const REPOSITORY_URLS: Record<string, string> = {
  archive: "/{archive_format}{/ref}",
  assignees: "/assignees{/user}",
  blobs: "/git/blobs{/sha}",
  branches: "/branches{/branch}",
  collaborators: "/collaborators{/collaborator}",
  comments: "/comments{/number}",
  commits: "/commits{/sha}",
  compare: "/compare/{base}...{head}",
  contents: "/contents/{+path}",
  contributors: "/contributors",
  deployments: "/deployments",
  downloads: "/downloads",
  events: "/events",
  forks: "/forks",
  git_commits: "/git/commits{/sha}",
  git_refs: "/git/refs{/sha}",
  git_tags: "/git/tags{/sha}",
  hooks: "/hooks",
  issue_comment: "/issues/comments{/number}",
  issue_events: "/issues/events{/number}",
  issues: "/issues{/number}",
  keys: "/keys{/key_id}",
  labels: "/labels{/name}",
  languages: "/languages",
  merges: "/merges",
  milestones: "/milestones{/number}",
  notifications: "/notifications{?since,all,participating}",
  pulls: "/pulls{/number}",
  releases: "/releases{/id}",
  stargazers: "/stargazers",
  statuses: "/statuses/{sha}",
  subscribers: "/subscribers",
  subscription: "/subscription",
  tags: "/tags",
  teams: "/teams",
  trees: "/git/trees{/sha}",
};

const ZEROES = ["forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "open_issues"];
const FEATURES = ["issues", "projects", "wiki", "downloads"];

export function repositoryJson(repository: Repository, bases: Bases): Json {
  const name = fullName(repository);
  const url = `${bases.api}/repos/${name}`;
  const html = `${bases.web}/${name}`;
  const born = timestamp(0);
  return {
    id: repository.id,
    node_id: nodeId("R", repository.id),
    name: repository.name,
    full_name: name,
    owner: accountJson(repository.owner, bases),
    private: repository.visibility !== "public",
    visibility: repository.visibility,
    html_url: html,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(Object.entries(REPOSITORY_URLS).map(([key, path]) => [`${key}_url`, url + path])),
    git_url: `git://${new URL(bases.web).host}/${name}.git`,
    ssh_url: `git@${new URL(bases.web).hostname}:${name}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    default_branch: repository.git.defaultBranch,
    ...Object.fromEntries(ZEROES.map((key) => [key, 0])),
    open_issues_count: 0,
    size: 1,
    ...Object.fromEntries(FEATURES.map((key) => [`has_${key}`, true])),
    has_pages: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    is_template: false,
    allow_forking: true,
    topics: [],
    pushed_at: born,
    created_at: born,
    updated_at: born,
  };
}

export function installationJson(installation: Installation, bases: Bases): Json {
  const { account, app } = installation;
  const url = `${bases.api}/app/installations/${installation.id}`;
  const html =
    account.type === "User"
      ? `${bases.web}/settings/installations/${installation.id}`
      : `${bases.web}/organizations/${account.login}/settings/installations/${installation.id}`;
  const { suspendedAt } = installation;
  return {
    id: installation.id,
    client_id: app.clientId,
    account: accountJson(account, bases),
    repository_selection: installation.repositories === "all" ? "all" : "selected",
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${bases.api}/installation/repositories`,
    html_url: html,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions,
    events: [],
    created_at: timestamp(0),
    updated_at: timestamp(0),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: suspendedAt === null ? null : accountJson(account, bases),
    suspended_at: suspendedAt === null ? null : timestamp(suspendedAt),
  };
}

export function appJson(app: App, installations: number, bases: Bases): Json {
  return {
    id: app.id,
    client_id: app.clientId,
    slug: app.slug,
    node_id: nodeId("A", app.id),
    owner: accountJson(app.owner, bases),
    name: app.manifest?.name ?? app.slug,
    description: null,
    external_url: app.manifest?.url ?? bases.web,
    html_url: `${bases.web}/apps/${app.slug}`,
    created_at: timestamp(0),
    updated_at: timestamp(0),
    permissions: app.permissions,
    events: app.events,
    installations_count: installations,
  };
}
