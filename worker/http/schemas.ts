/** `GET /schemas/*.json`: JSON Schemas, for editors and for whoever reads audit events. */
import type { AssetContext } from "./assets.ts";
import { fileRoute } from "./documents.ts";

/** All that there are: the name here -> where the repository has it. The build makes the files of this list. */
export const SCHEMAS: ReadonlyMap<string, string> = new Map([
  ["policy.json", "policies/policy.schema.json"],
  ["trusted-token-issuers.json", "policies/trusted-token-issuers.schema.json"],
  ["audit-event.json", "worker/event.schema.json"],
]);

/** Pages of others may read them too: editors run in such. */
export const schemaRoute = (context: AssetContext, name: string): Promise<Response> =>
  fileRoute(context, `/schemas/${name}`, {
    "Content-Type": "application/schema+json; charset=utf-8",
    "Access-Control-Allow-Origin": "*",
  });
