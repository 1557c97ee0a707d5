// Routes of Apps and installations: who am I, where am I installed, which repositories does this token have. No state
// of its own.

import { type Answer, notFound, ok } from "./answers.ts";
import { asApp, asToken, type Context, covered, locate, paged, type Route } from "./route.ts";
import { appJson, installationJson, repositoryJson } from "./shapes.ts";
import { covers, findAccount, type Installation, installationOf } from "./state.ts";

const DOCS = "/apps/apps";

function installationsOf(at: Context): Installation[] | Answer {
  const app = asApp(at);
  if (app.stop !== undefined) return app.stop;
  return at.state.installations.filter((one) => one.app === app.value);
}

function list(at: Context): Answer {
  const all = installationsOf(at);
  if (!Array.isArray(all)) return all;
  const { page, headers } = paged(at, all);
  return ok(
    page.map((one) => installationJson(one, at.bases)),
    200,
    headers,
  );
}

function byId(at: Context): Answer {
  const all = installationsOf(at);
  if (!Array.isArray(all)) return all;
  const one = all.find((installation) => String(installation.id) === at.params.id);
  return one === undefined ? notFound(DOCS) : ok(installationJson(one, at.bases));
}

/** `/orgs/{user}` is nothing, while `/users/{org}` finds the organisation. */
function byAccount(at: Context, kinds: readonly string[]): Answer {
  const app = asApp(at);
  if (app.stop !== undefined) return app.stop;
  const account = findAccount(at.state, at.params.login ?? "");
  if (account === undefined || !kinds.includes(account.type)) return notFound(DOCS);
  const one = installationOf(at.state, app.value, account);
  return one === undefined ? notFound(DOCS) : ok(installationJson(one, at.bases));
}

/** 404 also when the App is installed on the owner but not on this repository: that says nothing of the owner. */
function byRepository(at: Context): Answer {
  const app = asApp(at);
  if (app.stop !== undefined) return app.stop;
  const here = locate(at, (repository) => {
    const one = installationOf(at.state, app.value, repository.owner);
    return one !== undefined && covers(one, repository);
  });
  if (here.stop !== undefined) return here.stop;
  const one = installationOf(at.state, app.value, here.value.owner);
  return one === undefined ? notFound(DOCS) : ok(installationJson(one, at.bases));
}

function whoAmI(at: Context): Answer {
  const app = asApp(at);
  if (app.stop !== undefined) return app.stop;
  const count = at.state.installations.filter((one) => one.app === app.value).length;
  return ok(appJson(app.value, count, at.bases));
}

function repositories(at: Context): Answer {
  const token = asToken(at);
  if (token.stop !== undefined) return token.stop;
  const all = at.state.repositories.filter((one) => covered(at.state, token.value, one));
  const { page, headers } = paged(at, all);
  const selected = token.value.repositories !== null || token.value.installation.repositories !== "all";
  return ok(
    {
      total_count: all.length,
      repository_selection: selected ? "selected" : "all",
      repositories: page.map((one) => repositoryJson(one, at.bases)),
    },
    200,
    headers,
  );
}

export const appRoutes: readonly Route[] = [
  { id: "gh.app", method: "GET", path: "/app", answer: whoAmI },
  { id: "gh.installations", method: "GET", path: "/app/installations", answer: list },
  { id: "gh.installation", method: "GET", path: "/app/installations/:id", answer: byId },
  {
    id: "gh.repo_installation",
    method: "GET",
    path: "/repos/:owner/:repo/installation",
    answer: byRepository,
  },
  {
    id: "gh.org_installation",
    method: "GET",
    path: "/orgs/:login/installation",
    answer: (at) => byAccount(at, ["Organization"]),
  },
  {
    id: "gh.user_installation",
    method: "GET",
    path: "/users/:login/installation",
    answer: (at) => byAccount(at, ["User", "Organization"]),
  },
  { id: "gh.repositories", method: "GET", path: "/installation/repositories", answer: repositories },
];
