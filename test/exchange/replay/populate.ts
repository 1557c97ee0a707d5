// The world of a case: organisation, repositories, installation, policies, and the changes that a step makes to
// them. Only the emulators are touched.

import type { Network } from "../../support/network.ts";
import { type Fill, fillRecord, type Names } from "./names.ts";
import type { FileEntry, PolicyEntry, VectorChange, VectorWorld } from "./vector.ts";

export const APP_ID = 424242;
const FOLDER = ".github/chainguard";
const ALLOW_LIST = `${FOLDER}/trusted-token-issuers.yaml`;

const PERMISSIONS = {
  contents: "write",
  issues: "write",
  pull_requests: "write",
  checks: "write",
  statuses: "write",
  actions: "read",
  members: "read",
  metadata: "read",
};

export interface CaseWorld {
  readonly network: Network;
  readonly names: Names;
  readonly fill: Fill;
}

const pathOf = (name: string): string => `${FOLDER}/${name}.sts.yaml`;

/** The default policy of a repository, before a case lays its keys over it. */
function defaultPolicy(repo: string, name: string): Record<string, unknown> {
  return {
    issuer: "{issuer}",
    subject: "repo:{owner}/app:ref:refs/heads/main",
    permissions: { contents: "read" },
    ...(repo === ".github" && name !== "all" ? { repositories: ["app", "other"] } : {}),
  };
}

/** A `*_pattern` key drops the default's exact key unless the case names both; null removes a key. */
function laidOver(base: Record<string, unknown>, keys: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(keys)) {
    const exact = key.replace(/_pattern$/, "");
    if (exact !== key && !Object.hasOwn(keys, exact)) merged.delete(exact);
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

function putPolicy(world: CaseWorld, entry: PolicyEntry): void {
  const { repo = "app", name = "ok" } = entry;
  // JSON is YAML, and quotes whatever YAML would read otherwise.
  const policy = laidOver(defaultPolicy(repo, name), entry.policy ?? {});
  const text = entry.yaml === undefined ? JSON.stringify(fillRecord(policy, world.fill)) : world.fill(entry.yaml);
  world.network.github.putFile(`${world.names.owner}/${repo}`, pathOf(name), text);
}

function putFile(world: CaseWorld, entry: FileEntry): void {
  const repo = `${world.names.owner}/${entry.repo}`;
  if (entry.text === null) world.network.github.removeFile(repo, entry.path);
  else world.network.github.putFile(repo, entry.path, world.fill(entry.text));
}

function install(
  world: CaseWorld,
  options: { id?: number; permissions?: VectorWorld["permissions"]; only?: readonly string[] },
) {
  const { github } = world.network;
  return github.install({
    app: APP_ID,
    owner: world.names.owner,
    permissions: options.permissions ?? PERMISSIONS,
    repositories: options.only ?? "all",
    ...(options.id === undefined ? {} : { id: options.id }),
  });
}

/** Builds the case's world; the App is there already. */
export function populate(world: CaseWorld, wanted: VectorWorld): void {
  const { github } = world.network;
  const { owner } = world.names;
  for (let i = 0; i < (wanted.others ?? 0); i++) {
    github.addOrganization(`other-${i}`);
    github.install({ app: APP_ID, owner: `other-${i}`, permissions: PERMISSIONS });
  }
  github.addAccount(owner, { type: wanted.type ?? "Organization" });
  const repos = wanted.no_dotgithub === true ? ["app", "other"] : ["app", "other", ".github"];
  for (const repo of repos) github.addRepository(`${owner}/${repo}`);
  if (wanted.bare !== true) {
    putPolicy(world, {});
    if (repos.includes(".github")) {
      putPolicy(world, { repo: ".github" });
      putPolicy(world, { repo: ".github", name: "all" });
    }
  }
  for (const entry of wanted.policies ?? []) putPolicy(world, entry);
  for (const entry of wanted.files ?? []) putFile(world, entry);
  if (wanted.allow !== undefined) putFile(world, { repo: ".github", path: ALLOW_LIST, text: wanted.allow });
  if (wanted.no_install === true) return;
  const only = wanted.selected === undefined ? {} : { only: wanted.selected };
  const permissions = wanted.permissions === undefined ? {} : { permissions: wanted.permissions };
  const installation = install(world, { ...only, ...permissions });
  if (wanted.suspended === true) github.suspend(installation.id);
}

function uninstall(world: CaseWorld): void {
  const { github } = world.network;
  const here = github.state.installations.filter((one) => one.account.login === world.names.owner);
  for (const one of here) github.uninstall(one.id);
}

/** Carries out one change of a step's `do`. */
export function change(world: CaseWorld, wanted: VectorChange): void {
  const { network, names } = world;
  if (wanted.policy !== undefined) putPolicy(world, wanted.policy);
  if (wanted.remove !== undefined) {
    const { repo = "app", name = "ok" } = wanted.remove;
    network.github.removeFile(`${names.owner}/${repo}`, pathOf(name));
  }
  if (wanted.file !== undefined) putFile(world, wanted.file);
  if (wanted.issuer !== undefined) network.issuers.issuer(names.issname, wanted.issuer);
  if (wanted.installation !== undefined) install(world, wanted.installation);
  if (wanted.no_installation !== undefined) uninstall(world);
  if (wanted.clear_faults !== undefined) network.clearFaults();
}
