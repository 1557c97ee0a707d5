/** A refusal in the words of the run's page: the annotation, and the summary below it. Pure. */

/**
 * @typedef {object} Context
 * @property {import("./exchange.js").Refusal} refusal
 * @property {string} domain
 * @property {string} scope
 * @property {string} identity
 * @property {string} serverUrl
 * @property {Readonly<Record<string, unknown>>} claims
 *
 * @typedef {{ readonly repository: string, readonly path: string, readonly url: string }} Place
 */

const OF_THE_POLICY = /_mismatch$|^not_found$|^policy_/;

/** The deployment's own words where it has some. @param {Context} context */
function whatToDo({ refusal: { reason, remedy }, domain, claims }) {
  if (remedy !== "") return remedy;
  if (reason === "") return `run the job again later; if it stays, ask the operator of ${domain}.`;
  if (OF_THE_POLICY.test(reason) && Object.keys(claims).length > 0) {
    return "see on this run's page what the policy makes of the token's claims, and change the policy or how the job runs.";
  }
  return `ask the operator of ${domain}, with the request id.`;
}

/**
 * Where the policy lies by octo-sts's rules; undefined where that cannot be told.
 * @param {string} scope
 * @param {string} identity
 * @param {string} serverUrl
 * @returns {Place | undefined}
 */
function placeOf(scope, identity, serverUrl) {
  const named = scope.startsWith(`${serverUrl}/`)
    ? scope.slice(serverUrl.length + 1).replace(/(?:\.git)?\/?$/, "")
    : scope;
  const isPlain = /^[A-Za-z0-9][\w-]*(?:\/[\w.-]+)?$/.test(named) && /^[\w.-]+(?:\/[\w.-]+)*$/.test(identity);
  if (!isPlain) return undefined;
  const repository = named.includes("/") ? named : `${named}/.github`;
  const path = `.github/chainguard/${identity}.sts.yaml`;
  return { repository, path, url: `${serverUrl}/${repository}/blob/HEAD/${path}` };
}

/** @param {Context} context */
export const titleOf = ({ refusal: { reason } }) => `No token${reason === "" ? "" : `: ${reason}`}`;

/** The policy's address is a link there. @param {Context} context */
export function annotationOf(context) {
  const { refusal, scope, identity, serverUrl } = context;
  const place = placeOf(scope, identity, serverUrl);
  return [
    refusal.message,
    `What to do: ${whatToDo(context)}`,
    ...(refusal.moreUrl === "" ? [] : [`What it means: ${refusal.moreUrl}`]),
    ...(place ? [`Policy: ${place.url}`] : []),
    ...(refusal.requestId === "" ? [] : [`Request id: ${refusal.requestId}`]),
  ].join("\n");
}

/** @param {Context} context */
export function summaryOf(context) {
  const { refusal, domain, scope, identity, serverUrl, claims } = context;
  const place = placeOf(scope, identity, serverUrl);
  const more = refusal.moreUrl === "" ? "" : ` ([what it means](${refusal.moreUrl}))`;
  const rows = [
    ["Reason", `${code(refusal.reason || "none was given")}${more}`],
    ["What to do", plain(whatToDo(context))],
    ...(place ? [["Policy", `[${place.repository}: ${place.path}](${place.url})`]] : []),
    ...(refusal.requestId === "" ? [] : [["Request id", `${code(refusal.requestId)}, for the operator of ${domain}`]]),
  ];
  return [
    `### No token for ${code(scope)} as ${code(identity)}`,
    fenced("text", refusal.message),
    `| | |\n| --- | --- |\n${rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`,
    ...(place && Object.keys(claims).length > 0 ? [explanation(place, domain, claims)] : []),
  ].join("\n\n");
}

/** @param {Place} place @param {string} domain @param {Readonly<Record<string, unknown>>} claims */
function explanation({ repository, path }, domain, claims) {
  const command = [
    "cat > claims.json <<'END'",
    JSON.stringify(claims, undefined, 2),
    "END",
    `policy explain ${path} --claims claims.json --domain ${domain}`,
  ].join("\n");
  return `What the policy makes of this job's token, in a clone of ${repository} (\`policy\` is the command line of the service):\n\n${fenced("sh", command)}`;
}

/** Longer than any fence in the text. @param {string} language @param {string} text */
function fenced(language, text) {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** The deployment's words: code as such, and nothing else of them is markup. @param {string} text */
const plain = (text) =>
  text
    .split(/(`[^`|]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[\\`*_~|<>[\]]/g, "\\$&")))
    .join("");

/** In a table too, so without what ends a cell. @param {string} text */
const code = (text) => `\`${text.replaceAll(/[`|\n\r]/g, "?")}\``;
