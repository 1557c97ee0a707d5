/** Built files that are public and the same for everyone, so that browsers and editors may keep them for a while. */
import { DOCUMENT_FRESH_SECONDS } from "../limits.ts";
import { type AssetContext, readAsset } from "./assets.ts";
import { documentHeaders } from "./page.ts";
import { NOT_FOUND, plainRefusal } from "./respond.ts";

type Headers = Readonly<Record<string, string>>;

const KEPT: Headers = { "Cache-Control": `public, max-age=${DOCUMENT_FRESH_SECONDS}` };

/** The type is ours to say: a folder on a server knows none. */
export async function fileRoute({ env, requestId }: AssetContext, path: string, headers: Headers): Promise<Response> {
  const file = await readAsset(env, path);
  if (file === undefined) return plainRefusal(NOT_FOUND, requestId);
  return new Response(file.body, { headers: { ...headers, ...KEPT, "X-Content-Type-Options": "nosniff" } });
}

export async function documentRoute({ env, requestId }: AssetContext, path: string): Promise<Response> {
  const file = await readAsset(env, path);
  if (file === undefined) return plainRefusal(NOT_FOUND, requestId);
  const document = await file.text();
  return new Response(document, { headers: { ...documentHeaders(document), ...KEPT } });
}

const EXAMPLE = /^[a-z0-9][a-z0-9-]{0,60}$/;

/** `GET /reference/examples/<kind of workload>`. */
export async function exampleRoute(context: AssetContext, kind: string): Promise<Response> {
  if (!EXAMPLE.test(kind)) return plainRefusal(NOT_FOUND, context.requestId);
  return documentRoute(context, `/reference/examples/${kind}.html`);
}
