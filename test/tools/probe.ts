// `npm run probe`: one exchange that must succeed and one that must not, for a scheduler: worker/README.md, "The probe". It needs no
// package, so that a scheduled workflow installs nothing.
// Usage: node test/tools/probe.ts --domain HOST --scope OWNER/REPO --identity NAME [--audience AUDIENCE] [--token-file FILE]
// Prints one line of JSON. Exit code: 0 well, 1 not, 2 it could not be tried.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { exchange, isDomain, requestOidcToken, revoke } from "../../.github/actions/token/exchange.js";
import { probe } from "./deploy/probe.ts";

const USAGE =
  "Usage: npm run probe -- --domain HOST --scope OWNER/REPO --identity NAME [--audience AUDIENCE] [--token-file FILE]\n" +
  "The OIDC token: of --token-file, else of the variable OIDC_TOKEN, else of the job of GitHub Actions that runs this.";

function asked() {
  const text = { type: "string", default: "" } as const;
  const options = { domain: text, scope: text, identity: text, audience: text, "token-file": text };
  const { domain, scope, identity, audience, "token-file": file } = parseArgs({ options }).values;
  if (!isDomain(domain) || scope === "" || identity === "") throw new Error(USAGE);
  return { domain, scope, identity, audience: audience || domain, file };
}

async function subjectTokenOf({ audience, file }: { readonly audience: string; readonly file: string }) {
  const given = file === "" ? (process.env.OIDC_TOKEN ?? "") : readFileSync(file, "utf8");
  if (given.trim() !== "") return given.trim();
  const made = await requestOidcToken(audience);
  if ("problem" in made) throw new Error(`${made.problem}\n${USAGE}`);
  return made.token;
}

try {
  const { file, ...given } = asked();
  const subjectToken = await subjectTokenOf({ audience: given.audience, file });
  const narrowing = { permissions: "", repositories: "", dryRun: false };
  const report = await probe(subjectToken, {
    exchange: (token) => exchange({ ...given, ...narrowing }, token),
    revoke: (token) => revoke(given.domain, token),
    now: () => performance.now(),
  });
  const { domain, scope, identity } = given;
  console.log(JSON.stringify({ probe: "octo-sts", domain, scope, identity, ...report }));
  process.exitCode = report.ok ? 0 : 1;
} catch (problem) {
  console.error(problem instanceof Error ? problem.message : String(problem));
  process.exitCode = 2;
}
