// A deployment that hears webhooks: an organisation with repositories, signed deliveries, and a look at the check runs that came
// of them.

import { appKeys } from "../emulators/core/keys.ts";
import type { Commit, FileContent } from "../emulators/github/git.ts";
import { loadGraphql } from "../emulators/github/graphql.ts";
import { delivery, pullRequest, pushed, repositoryJson, SECRET, type Signing, ZERO } from "../webhook/payloads.ts";
import type { Answer, Isolate } from "./isolate.ts";
import { nextNumber } from "./numbers.ts";
import { APP_ID, createWorld, type World, type WorldOptions } from "./world.ts";

export * from "../webhook/payloads.ts";

export interface Sending extends Signing {
  /** The isolate; the world's own by default. */
  readonly worker?: Isolate;
}

export interface Run {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly title: string | null;
  readonly summary: string;
  readonly text: string;
  readonly detailsUrl: string | null;
  readonly externalId: string | null;
  readonly headSha: string;
  readonly appId: number;
  /** `path:line:column level: message`, in order. */
  readonly annotations: readonly string[];
}

export interface WebhookWorld extends World {
  readonly repository: string;
  send(event: string, payload: unknown, sending?: Sending): Promise<Answer>;
  /** A pull request of these changes against main. */
  pull(
    files: Readonly<Record<string, FileContent | null>>,
    more?: Pulling,
  ): Promise<{ answer: Answer; commit: Commit }>;
  /** Commits to main and sends the push. */
  push(
    files: Readonly<Record<string, FileContent | null>>,
    more?: Pushing,
  ): Promise<{ answer: Answer; commit: Commit }>;
  runs(name?: string): readonly Run[];
  /** The same, with deliveries going to a fresh isolate. */
  elsewhere(): WebhookWorld;
  onlyRun(): Run;
  /** What the log says that the last delivery ended in. */
  outcome(): unknown;
}

export interface Pulling {
  readonly action?: string;
  readonly branch?: string;
  readonly repository?: string;
}

export interface Pushing extends Sending {
  readonly repository?: string;
  readonly branch?: string;
  /** Over the payload. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

export async function createWebhookWorld(options: WorldOptions = {}): Promise<WebhookWorld> {
  await loadGraphql();
  const made = await createWorld({
    policy: undefined,
    ...options,
    variables: { GITHUB_WEBHOOK_SECRET: SECRET, ...options.variables },
  });
  return sceneIn(made, made.worker);
}

/** The same world, with deliveries going to this isolate. */
function sceneIn(made: World, worker: Isolate): WebhookWorld {
  const { owner, network } = made;
  const { github } = network;
  const repository = `${owner}/app`;
  const shown = (name: string): object => repositoryJson(owner, name.split("/")[1] ?? "");
  const send = async (event: string, payload: unknown, sending: Sending = {}): Promise<Answer> =>
    (sending.worker ?? worker).fetch(await delivery(event, heard(made, payload, sending.appId), sending));

  const pull: WebhookWorld["pull"] = async (
    files,
    { action = "opened", branch = `topic-${nextNumber("topic")}`, repository: at = repository } = {},
  ) => {
    const base = headOf(made, at);
    const commit = github.commit(at, { branch, files });
    const answer = await send("pull_request", pullRequest(shown(at), base, commit.sha, action));
    return { answer, commit };
  };
  const push: WebhookWorld["push"] = async (
    files,
    { repository: at = repository, branch = "main", payload, ...sending } = {},
  ) => {
    const before = github.repository(at).git.branches.get(branch) ?? ZERO;
    const commit = github.commit(at, { branch, files });
    const answer = await send("push", { ...pushed(shown(at), branch, before, commit, files), ...payload }, sending);
    return { answer, commit };
  };
  const runs = (name = repository): readonly Run[] => github.repository(name).checkRuns.map(runOf);
  return Object.assign(Object.create(Object.getPrototypeOf(made)) as World, made, {
    repository,
    send,
    pull,
    push,
    runs,
    elsewhere: () => sceneIn(made, made.isolate()),
    onlyRun() {
      const [run, ...others] = runs();
      if (run === undefined || others.length > 0) throw new Error(`${runs().length} check runs, not one`);
      return run;
    },
    outcome: () => worker.logs.findLast(({ type, what }) => type === "webhook" && what === "done")?.outcome,
  });
}

/** GitHub tells each App of its own installation with every event about a repository. */
function heard({ network }: World, payload: unknown, appId: Sending["appId"]): unknown {
  const installation = network.github.state.installations.find(
    ({ app }) => String(app.id) === (appId ?? String(APP_ID)),
  );
  if (typeof payload !== "object" || payload === null || "installation" in payload || !installation) return payload;
  return { ...payload, installation: { id: installation.id } };
}

export const headOf = ({ network }: World, name: string, branch = "main"): string =>
  network.github.repository(name).git.branches.get(branch) ?? "";

function runOf(run: World["network"]["github"]["state"]["repositories"][number]["checkRuns"][number]): Run {
  return {
    id: run.id,
    name: run.name,
    status: run.status,
    conclusion: run.conclusion,
    title: run.output.title,
    summary: run.output.summary ?? "",
    text: run.output.text ?? "",
    detailsUrl: run.detailsUrl,
    externalId: run.externalId,
    headSha: run.headSha,
    appId: run.appId,
    annotations: run.annotations.map(
      ({ path, start_line: line, start_column: column, annotation_level: level, message }) =>
        `${path}:${line}:${column} ${level}: ${message}`,
    ),
  };
}

/** Another App of the deployment, installed on the owner as well. */
export async function addApp(
  { network, owner }: World,
  id: number,
  permissions: Readonly<Record<string, string>>,
): Promise<string> {
  const { publicKey, privateKeyPem } = await appKeys();
  network.github.addApp({ id, publicKeys: [publicKey] });
  network.github.install({ app: id, owner, permissions, repositories: "all" });
  return privateKeyPem;
}
