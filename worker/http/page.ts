/** `GET /`: the page for browsers, with what it may know of this deployment written into it; octo-sts's JSON for everyone else. */
import { installUrlOf, webUrlOf } from "../github/web-url.ts";
import type { Registering, Services, Setup } from "../services.ts";
import { accepts } from "./accept.ts";
import { type AssetContext, readAsset } from "./assets.ts";
import type { DeploymentFacts, RegistrationFacts } from "./facts.ts";
import { rootRoute } from "./health.ts";
import { newState, stateCookie, stateOf } from "./registration-state.ts";

export async function pageRoute({ request, env, requestId }: AssetContext, setup: Setup): Promise<Response> {
  const built = accepts(request.headers, "text/html") ? await readAsset(env, "/index.html") : undefined;
  if (built === undefined) {
    const response = rootRoute(requestId);
    response.headers.set("Vary", "Accept");
    return response;
  }
  const document = await built.text();
  if (!setup.ok && setup.registering) {
    const { stsDomain } = setup.registering.config;
    const state = stateOf(request, stsDomain) ?? newState();
    return registrationPage(document, setup.registering, { facts: { state }, cookie: stateCookie(stsDomain, state) });
  }
  return new Response(withFacts(document, await factsOf(setup)), { headers: documentHeaders(document) });
}

interface RegistrationPage {
  readonly facts: RegistrationFacts;
  readonly cookie: string;
  readonly status?: number;
}

/** The page of a deployment without an App: for one browser alone, which may send its form to GitHub. */
export function registrationPage(
  document: string,
  { config }: Registering,
  { facts: registration, cookie, status = 200 }: RegistrationPage,
): Response {
  const webUrl = webUrlOf(config.apiUrl);
  const facts = { state: "no_app", domain: config.stsDomain, webUrl, apps: [], wrong: [], registration } as const;
  const headers = {
    ...documentHeaders(document, webUrl),
    "Cache-Control": "no-store",
    // With no referrer at all the form's origin would be "null" to GitHub.
    "Referrer-Policy": "strict-origin",
    "Set-Cookie": cookie,
  };
  return new Response(withFacts(document, facts), { status, headers });
}

/** Also for documents that are the same for everyone. `formAction`: where forms may be sent. */
export function documentHeaders(document: string, formAction = "'none'"): Readonly<Record<string, string>> {
  const [, policy = "default-src 'none'"] = POLICY.exec(document) ?? [];
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": `${policy}; form-action ${formAction}; frame-ancestors 'none'`,
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
