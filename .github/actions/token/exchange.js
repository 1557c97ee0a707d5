/** The two requests of the main step: an OIDC token of the runner, then a GitHub token for it. And the one of the post step. */
import { isObject, objectIn, request, requestOnce } from "./http.js";

const { env } = process;
/** What goes into a header, a mask and an environment file: visible ASCII, so one line. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/;
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;
const USER_AGENT = { "User-Agent": "octo-sts-edge-action" };

/**
 * @typedef {object} Asked
 * @property {string} domain
 * @property {string} scope
 * @property {string} identity
 * @property {string} permissions
 * @property {string} repositories
 * @property {boolean} dryRun
 *
 * @typedef {object} Grant
 * @property {string} token Empty after a dry run.
 * @property {string} expiry
 * @property {string} permissions JSON.
 * @property {string} repositories JSON.
 * @property {string} policy
 * @property {string} appSlug
 * @property {string} botEmail "" when the deployment does not know it.
 * @property {string} requestId
 *
 * @typedef {object} Refusal
 * @property {string} message
 * @property {string} reason
 * @property {string} moreUrl Where the reason is explained; "" when the deployment does not say.
 * @property {string} remedy What to do, in the deployment's words; "" when it has none.
 * @property {string} requestId
 *
 * @typedef {{ readonly grant: Grant } | { readonly refusal: Refusal }} Outcome
 */

/** Plain http only where nobody else listens: for trying things out. @param {string} domain */
export const baseOf = (domain) => `${LOOPBACK.test(domain) ? "http" : "https"}://${domain}`;

/** @param {string} domain */
export const isDomain = (domain) => LOOPBACK.test(domain) || /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$/.test(domain);

/**
 * https://docs.github.com/en/actions/reference/security/oidc
 * @param {string} audience
 * @returns {Promise<{ readonly token: string } | { readonly problem: string }>}
 */
export async function requestOidcToken(audience) {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!address || !bearer) {
    return {
      problem:
        "this job may not ask for an OIDC token: give it `permissions: { id-token: write }`. A pull request from a fork never may.",
    };
  }
  const url = new URL(address);
  url.searchParams.set("audience", audience);
  const headers = { Authorization: `Bearer ${bearer}`, Accept: "application/json", ...USER_AGENT };
  const answer = await request("the runner's OIDC endpoint", url.href, { headers }, { isFlaky: true });
  if ("problem" in answer) return { problem: `the runner's OIDC endpoint gave ${answer.problem}` };
  const { value } = objectIn(answer.text);
  if (typeof value === "string" && TOKEN.test(value)) return { token: value };
  return { problem: `the runner's OIDC endpoint answered ${answer.status}, and no token` };
}

/** @param {string} oidcToken @returns {Readonly<Record<string, unknown>>} Not verified: for people to look at. */
export const claimsOf = (oidcToken) =>
  objectIn(Buffer.from(oidcToken.split(".")[1] ?? "", "base64url").toString("utf8"));

/** @param {Asked} asked @param {string} oidcToken @returns {Promise<Outcome>} */
export async function exchange(asked, oidcToken) {
  const { domain, scope, identity, permissions, repositories, dryRun } = asked;
  const query = new URLSearchParams({
    scope,
    identity,
    ...(permissions && { permissions }),
    ...(repositories && { repositories }),
    ...(dryRun && { dry_run: "true" }),
  });
  const headers = { Authorization: `Bearer ${oidcToken}`, Accept: "application/json", ...USER_AGENT };
  const answer = await request(domain, `${baseOf(domain)}/sts/exchange?${query}`, { headers });
  if ("problem" in answer) return { refusal: unexplained(`${domain} gave ${answer.problem}`) };
  const body = objectIn(answer.text);
  const requestId = answer.headers.get("X-Request-Id") ?? "";
  const grant = answer.status === 200 ? grantIn(body, answer.headers, dryRun) : undefined;
  if (grant) return { grant: { ...grant, requestId } };
  const refusal = refusalIn(body, domain, answer.status, requestId);
  return { refusal: { ...refusal, remedy: await remedyFor(domain, refusal.reason) } };
}

/**
 * The deployment's page about the reason. Asked once: it only adds words.
 * @param {string} domain
 * @param {string} reason
 */
async function remedyFor(domain, reason) {
  if (reason === "") return "";
  const headers = { Accept: "application/json", ...USER_AGENT };
  const answer = await requestOnce(`${baseOf(domain)}/reasons/${reason}`, { headers });
  const { remedy, who } = "problem" in answer ? {} : objectIn(answer.text);
  if (typeof remedy !== "string" || remedy === "") return "";
  return lineOf(typeof who === "string" ? `${remedy} (${who}).` : `${remedy}.`);
}

/**
 * @param {Readonly<Record<string, unknown>>} body
 * @param {Headers} headers
 * @param {boolean} dryRun
 * @returns {Omit<Grant, "requestId"> | undefined}
 */
function grantIn(body, headers, dryRun) {
  const told = isObject(body.would_grant) ? body.would_grant : body;
  // A deployment that does not know dry runs hands out a token: it must reach the mask and the post step.
  const token = matching(body.token, TOKEN);
  if (token === "" && !(dryRun && isObject(body.would_grant))) return undefined;
  const { path = "", sha = "" } = isObject(told.policy) ? told.policy : {};
  return {
    token,
    expiry: lineOf(body.expiry),
    permissions: JSON.stringify(told.permissions ?? {}),
    repositories: JSON.stringify(told.repositories ?? []),
    policy: headers.get("X-STS-Policy") ?? `${lineOf(path)}@${lineOf(sha)}`,
    appSlug: matching(body.app_slug, /^[\w-]{1,100}$/),
    botEmail: isObject(body.bot) ? matching(body.bot.email, /^[\w+.[\]-]+@[\w.-]+$/) : "",
  };
}

/**
 * @param {Readonly<Record<string, unknown>>} body
 * @param {string} domain
 * @param {number} status
 * @param {string} requestId
 * @returns {Refusal}
 */
function refusalIn(body, domain, status, requestId) {
  const { message, reason, error_uri: moreUrl } = body;
  if (typeof message !== "string" || message === "") {
    return { ...unexplained(`${domain} answered ${status}, and nothing that says why`), requestId };
  }
  return {
    message: lineOf(message),
    reason: matching(reason, /^[a-z_]{1,64}$/),
    moreUrl: matching(moreUrl, /^https:\/\/[^\s<>()"'`|\\]{1,500}$/),
    remedy: "",
    requestId: lineOf(body.request_id) || requestId,
  };
}

/** @param {unknown} value @param {RegExp} form */
const matching = (value, form) => (typeof value === "string" && form.test(value) ? value : "");

/** @param {string} message @returns {Refusal} */
const unexplained = (message) => ({ message, reason: "", moreUrl: "", remedy: "", requestId: "" });

const LINE_MAX_CHARACTERS = 2_000;

/** @param {unknown} value @returns {string} */
const lineOf = (value) =>
  typeof value === "string" ? value.slice(0, LINE_MAX_CHARACTERS).replaceAll(/\p{Cc}/gu, "?") : "";

/**
 * The deployment knows its GitHub, so this is the same at GitHub Enterprise. A token that is revoked already is fine.
 * @param {string} domain
 * @param {string} token
 * @returns {Promise<string | undefined>} What went wrong.
 */
export async function revoke(domain, token) {
  const body = new URLSearchParams({ token });
  const answer = await request(domain, `${baseOf(domain)}/sts/revoke`, { method: "POST", body, headers: USER_AGENT });
  if ("problem" in answer) return answer.problem;
  return answer.status === 200 ? undefined : `it answered ${answer.status}`;
}
