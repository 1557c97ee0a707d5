/** The built files of the page (dist/page), from the binding ASSETS: Workers' static assets, or a folder on one's own server. */
import type { Env } from "../config/reader.ts";
import { bindingOf } from "../services.ts";
import { NOT_FOUND, plainRefusal } from "./respond.ts";

/** `path` begins with a slash and is the caller's only where its form leaves no way out of the folder. Undefined: no such file, or none is bound. */
export async function readAsset(env: Env, path: string): Promise<Response | undefined> {
  const response = await bindingOf<Fetcher>(env, "ASSETS", "fetch")?.fetch(`http://assets${path}`);
  if (response?.ok) return response;
  await response?.body?.cancel();
  return undefined;
}

/** A name as the build gives it, with a hash of the content. */
const FILE = /^[a-z][a-z-]{0,60}-[0-9A-Z]{8}\.(js|svg)$/;
const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Of requests that are answered from files, whether or not the configuration is right. */
export interface AssetContext {
  readonly request: Request;
  readonly env: Env;
  readonly requestId: string;
}

/** `GET /assets/<name>`. The headers are ours wherever this runs: a folder on a server knows no types. */
export async function assetRoute({ env, requestId }: AssetContext, name: string): Promise<Response> {
  const [, extension] = FILE.exec(name) ?? [];
  const type = TYPES[extension ?? ""];
  const asset = type === undefined ? undefined : await readAsset(env, `/assets/${name}`);
  if (type === undefined || asset === undefined) return plainRefusal(NOT_FOUND, requestId);
  return new Response(asset.body, {
    headers: {
      "Content-Type": type,
      // Another content has another name.
      "Cache-Control": "public, max-age=31536000, immutable",
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "same-origin",
    },
  });
}
