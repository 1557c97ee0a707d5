/**
 * The token as git's credentials for the checkout's remote, as actions/checkout does it: a header for the server. The header is in
 * a file outside of the checkout, so that no artifact carries it away, and the checkout's configuration names the file.
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What git sends, and what has to be masked beside the token. @param {string} token */
export const basicOf = (token) => Buffer.from(`x-access-token:${token}`).toString("base64");

/** In a container the checkout may belong to another user. @param {string} workspace @param {readonly string[]} args */
function git(workspace, ...args) {
  const options = ["-c", `safe.directory=${workspace}`, "-C", workspace];
  return execFileSync("git", [...options, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/**
 * @param {string} workspace
 * @param {string} serverUrl The only server that may see the token.
 * @returns {{ readonly origin: string } | { readonly problem: string }}
 */
export function remoteOf(workspace, serverUrl) {
  let remote = "";
  try {
    remote = git(workspace, "config", "--get", "remote.origin.url");
  } catch {
    return { problem: "`git: true` needs a checkout in this job, before this step" };
  }
  const origin = URL.canParse(remote) ? new URL(remote).origin : "null";
  if (origin === new URL(serverUrl).origin) return { origin };
  return { problem: `\`git: true\` needs a checkout of ${serverUrl} over https` };
}

/**
 * Who commits made with the token are by, as far as it is known: GitHub shows the App where it knows the address.
 * @param {import("./exchange.js").Grant} grant
 * @param {string} origin
 */
function committer({ appSlug, botEmail }, origin) {
  if (appSlug === "") return [];
  const name = `${appSlug}[bot]`;
  const email = botEmail || `${name}@users.noreply.${new URL(origin).hostname}`;
  return ["[user]", `\tname = "${name}"`, `\temail = "${email}"`];
}

/** Where the credentials will be. @param {string} temp */
export const credentialsFile = (temp) => join(temp, `octo-sts-${randomUUID()}.gitconfig`);

/**
 * Git reads the file from now on.
 * @param {{ workspace: string, file: string, origin: string, grant: import("./exchange.js").Grant }} what
 */
export function addCredentials({ workspace, file, origin, grant }) {
  // An empty header forgets those before it: with the checkout's own credentials beside it, the server refuses both.
  const header = ["\textraheader =", `\textraheader = AUTHORIZATION: basic ${basicOf(grant.token)}`];
  const lines = [`[http "${origin}/"]`, ...header, ...committer(grant, origin), ""];
  writeFileSync(file, lines.join("\n"), { mode: 0o600, flag: "wx" });
  git(workspace, "config", "--local", "--add", "include.path", file);
}

/** As git-config(1) exits where there is nothing to unset: the main step came no further than to the file. */
const NOT_SET = 5;

/** @param {string} workspace @param {string} file */
export function removeCredentials(workspace, file) {
  rmSync(file, { force: true });
  try {
    git(workspace, "config", "--local", "--fixed-value", "--unset-all", "include.path", file);
  } catch (error) {
    if (!(error instanceof Error && "status" in error && error.status === NOT_SET)) throw error;
  }
}
