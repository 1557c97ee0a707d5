/** The step: asks the runner for an OIDC token and the deployment for a GitHub token, and says why if there is none. */
import { claimsOf, exchange, isDomain, requestOidcToken } from "./exchange.js";
import { addCredentials, basicOf, credentialsFile, remoteOf } from "./git.js";
import { annotationOf, summaryOf, titleOf } from "./refusal.js";
import { annotate, booleanInput, input, mask, print, saveState, setOutput, summarize } from "./runner.js";

const { env } = process;
const serverUrl = (env.GITHUB_SERVER_URL ?? "https://github.com").replace(/\/$/, "");
const workspace = env.GITHUB_WORKSPACE ?? process.cwd();

/** @typedef {import("./exchange.js").Asked & { readonly audience: string, readonly useGit: boolean }} Inputs */

/** Commas or line ends between entries, blanks anywhere. @param {string} name */
const listInput = (name) =>
  input(name)
    .split(/[,\n]/)
    .map((entry) => entry.replaceAll(/\s/g, ""))
    .filter((entry) => entry !== "")
    .join(",");

/** @returns {Inputs | string} Or what is wrong with them. */
function readInputs() {
  const domain = input("domain");
  const dryRun = booleanInput("dry_run");
  const useGit = booleanInput("git");
  if (!isDomain(domain)) return "`domain` is the host name of the deployment, like sts.example.com";
  if (input("identity") === "") return "`identity` is missing: the name of the policy, without .sts.yaml";
  if (dryRun === undefined) return "`dry_run` is neither true nor false";
  if (useGit === undefined) return "`git` is neither true nor false";
  return {
    domain,
    scope: input("scope") || (env.GITHUB_REPOSITORY ?? ""),
    identity: input("identity"),
    audience: input("audience") || domain,
    permissions: listInput("permissions"),
    repositories: listInput("repositories"),
    dryRun,
    useGit,
  };
}

/** @param {string} problem */
function fail(problem, title = "No token") {
  annotate("error", title, problem);
  process.exitCode = 1;
}

/** @param {Inputs} inputs @param {import("./exchange.js").Refusal} refusal @param {string} oidcToken */
function failRefused(inputs, refusal, oidcToken) {
  const context = { ...inputs, refusal, serverUrl, claims: claimsOf(oidcToken) };
  fail(annotationOf(context), titleOf(context));
  print(`The claims of this job's OIDC token:\n${JSON.stringify(context.claims, undefined, 2)}`);
  summarize(summaryOf(context));
}

/** @param {Inputs} inputs @param {import("./exchange.js").Grant} grant */
function handOver({ domain, dryRun }, grant) {
  if (grant.token !== "") {
    mask(grant.token);
    mask(basicOf(grant.token));
    saveState("token", grant.token);
    saveState("domain", domain);
  }
  setOutput("token", dryRun ? "" : grant.token);
  setOutput("expiry", grant.expiry);
  setOutput("permissions", grant.permissions);
  setOutput("repositories", grant.repositories);
  setOutput("policy", grant.policy);
  setOutput("app-slug", grant.appSlug);
  setOutput("request-id", grant.requestId);
  const verb = dryRun ? "would grant" : "grants";
  print(`${grant.policy} ${verb} ${grant.permissions} on ${grant.repositories} (request id ${grant.requestId})`);
}

async function main() {
  const inputs = readInputs();
  if (typeof inputs === "string") return fail(inputs);
  const remote = inputs.useGit && !inputs.dryRun ? remoteOf(workspace, serverUrl) : undefined;
  if (remote && "problem" in remote) return fail(remote.problem);
  const oidc = await requestOidcToken(inputs.audience);
  if ("problem" in oidc) return fail(oidc.problem);
  mask(oidc.token);
  const outcome = await exchange(inputs, oidc.token);
  if ("refusal" in outcome) return failRefused(inputs, outcome.refusal, oidc.token);
  const { grant } = outcome;
  handOver(inputs, grant);
  if (inputs.dryRun && grant.token !== "") return fail(`${inputs.domain} does not know dry runs, and granted a token`);
  if (remote) {
    const file = credentialsFile(env.RUNNER_TEMP ?? workspace);
    // Before it is there: the post step takes it away also where this one ends in between.
    saveState("git_file", file);
    addCredentials({ workspace, file, origin: remote.origin, grant });
  }
}

await main().catch((error) => fail(error instanceof Error ? error.message : String(error)));
