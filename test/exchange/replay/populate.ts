// The setting of a case: organisation, repositories, installation, policies, and the changes that a step makes to
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

export interface Setting {
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

function putPolicy(setting: Setting, entry: PolicyEntry): void {
  const { repo = "app", name = "ok" } = entry;
  // JSON is YAML, and quotes whatever YAML would read otherwise.
  const policy = laidOver(defaultPolicy(repo, name), entry.policy ?? {});
  const text = entry.yaml === undefined ? JSON.stringify(fillRecord(policy, setting.fill)) : setting.fill(entry.yaml);
  setting.network.github.putFile(`${setting.names.owner}/${repo}`, pathOf(name), text);
}

function putFile(setting: Setting, entry: FileEntry): void {
  const repo = `${setting.names.owner}/${entry.repo}`;
  if (entry.text === null) setting.network.github.removeFile(repo, entry.path);
  else setting.network.github.putFile(repo, entry.path, setting.fill(entry.text));
}

function install(
  setting: Setting,
  options: { id?: number; permissions?: VectorWorld["permissions"]; only?: readonly string[] },
) {
  const { github } = setting.network;
  return github.install({
    app: APP_ID,
    owner: setting.names.owner,
    permissions: options.permissions ?? PERMISSIONS,
    repositories: options.only ?? "all",
    ...(options.id === undefined ? {} : { id: options.id }),
  });
}

/** Builds the case's world; the App is there already. */
export function buildWorld(setting: Setting, world: VectorWorld): void {
  const { github } = setting.network;
  const { owner } = setting.names;
  for (let i = 0; i < (world.others ?? 0); i++) {
    github.addOrganization(`other-${i}`);
    github.install({ app: APP_ID, owner: `other-${i}`, permissions: PERMISSIONS });
  }
  github.addAccount(owner, { type: world.type ?? "Organization" });
  const repos = world.no_dotgithub === true ? ["app", "other"] : ["app", "other", ".github"];
  for (const repo of repos) github.addRepository(`${owner}/${repo}`);
  if (world.bare !== true) {
    putPolicy(setting, {});
    if (repos.includes(".github")) {
      putPolicy(setting, { repo: ".github" });
      putPolicy(setting, { repo: ".github", name: "all" });
    }
  }
  for (const entry of world.policies ?? []) putPolicy(setting, entry);
  for (const entry of world.files ?? []) putFile(setting, entry);
  if (world.allow !== undefined) putFile(setting, { repo: ".github", path: ALLOW_LIST, text: world.allow });
  if (world.no_install === true) return;
  const only = world.selected === undefined ? {} : { only: world.selected };
  const permissions = world.permissions === undefined ? {} : { permissions: world.permissions };
  const installation = install(setting, { ...only, ...permissions });
  if (world.suspended === true) github.suspend(installation.id);
}

function uninstall(setting: Setting): void {
  const { github } = setting.network;
  const here = github.world.installations.filter((one) => one.account.login === setting.names.owner);
  for (const one of here) github.uninstall(one.id);
}

/** Carries out one change of a step's `do`. */
export function change(setting: Setting, wanted: VectorChange): void {
  const { network, names } = setting;
  if (wanted.policy !== undefined) putPolicy(setting, wanted.policy);
  if (wanted.remove !== undefined) {
    const { repo = "app", name = "ok" } = wanted.remove;
    network.github.removeFile(`${names.owner}/${repo}`, pathOf(name));
  }
  if (wanted.file !== undefined) putFile(setting, wanted.file);
  if (wanted.issuer !== undefined) network.issuers.issuer(names.issname, wanted.issuer);
  if (wanted.installation !== undefined) install(setting, wanted.installation);
  if (wanted.no_installation !== undefined) uninstall(setting);
  if (wanted.clear_faults !== undefined) network.clearFaults();
}
