/** The post step: the token ends with the job. Whatever happens here, the job has done its work and does not fail. */
import { revoke } from "./exchange.js";
import { removeCredentials } from "./git.js";
import { annotate, print, savedState } from "./runner.js";

const token = savedState("token");
const domain = savedState("domain");
const gitFile = savedState("git_file");
const workspace = process.env.GITHUB_WORKSPACE ?? process.cwd();

/** @param {string} problem */
const warn = (problem) => annotate("warning", "Octo STS", problem);

if (gitFile !== "") {
  try {
    removeCredentials(workspace, gitFile);
  } catch {
    warn("the checkout's configuration still names the file of the token, which is gone");
  }
}
if (token !== "") {
  const problem = await revoke(domain, token).catch((error) => String(error));
  if (problem === undefined) print("The token is revoked.");
  else warn(`the token could not be revoked at ${domain}: ${problem}. It ends within the hour.`);
}
