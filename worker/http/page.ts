/** `GET /`: the page for browsers, with what it may know of this deployment written into it; octo-sts's JSON for everyone else. */
import { installUrlOf, webUrlOf } from "../github/web-url.ts";
import type { Services, Setup } from "../services.ts";
import { accepts } from "./accept.ts";
import { type AssetContext, readAsset } from "./assets.ts";
import type { DeploymentFacts } from "./facts.ts";
import { rootRoute } from "./health.ts";

export async function pageRoute({ request, env, requestId }: AssetContext, setup: Setup): Promise<Response> {
  const built = accepts(request.headers, "text/html") ? await readAsset(env, "/index.html") : undefined;
  if (built === undefined) {
    const response = rootRoute(requestId);
    response.headers.set("Vary", "Accept");
    return response;
  }
  const document = await built.text();
  return new Response(withFacts(document, await factsOf(setup)), { headers: documentHeaders(document) });
}

/** Also for documents that are the same for everyone. */
export function documentHeaders(document: string): Readonly<Record<string, string>> {
  const [, policy = "default-src 'none'"] = POLICY.exec(document) ?? [];
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": `${policy}; form-action 'none'; frame-ancestors 'none'`,
    // It names the files of its own version, which are gone with it.
    "Cache-Control": "no-cache",
    Vary: "Accept",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
}

/** The build knows the hashes of what is inline. What only a header may say is added to it here. */
const POLICY = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/;
const BLOCK = /(<script type="application\/json" id="deployment">)\{\}(<\/script>)/;

/** No value can end the element: within it only `<` could, and in JSON that can be written as an escape. */
function withFacts(document: string, facts: DeploymentFacts): string {
  const json = JSON.stringify(facts).replaceAll("<", "\\u003c");
  return document.replace(BLOCK, (_, start: string, end: string) => `${start}${json}${end}`);
}

async function factsOf(setup: Setup): Promise<DeploymentFacts> {
  if (setup.ok) return factsOfServices(setup.services);
  const wrong = [...new Set(setup.problems.map(({ variable }) => variable))];
  return { state: "misconfigured", webUrl: webUrlOf("https://api.github.com"), apps: [], wrong };
}

async function factsOfServices({ config, apps, appSlugs, webUrl }: Services): Promise<DeploymentFacts> {
  return {
    state: "serving",
    domain: config.stsDomain,
    webUrl,
    apps: await Promise.all(
      apps.map(async ({ id, name }) => {
        const slug = await appSlugs.recall(id);
        const installUrl = slug === undefined ? undefined : installUrlOf(config.apiUrl, slug);
        return { id, ...(name !== undefined && { name }), ...(installUrl !== undefined && { installUrl }) };
      }),
    ),
    ...(config.allowedOwners !== undefined && { owners: config.allowedOwners }),
    wrong: [],
  };
}
