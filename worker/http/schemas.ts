/** `GET /schemas/*.json`: the JSON Schemas of the two files, for editors. */

import policySchema from "../../policies/policy.schema.json" with { type: "json" };
import trustedIssuersSchema from "../../policies/trusted-token-issuers.schema.json" with { type: "json" };
import { SCHEMA_FRESH_SECONDS } from "../limits.ts";

/** By path. */
export const SCHEMAS: ReadonlyMap<string, object> = new Map<string, object>([
  ["/schemas/policy.json", policySchema],
  ["/schemas/trusted-token-issuers.json", trustedIssuersSchema],
]);

/** Public and the same for everyone, so that browsers and editors may keep it. */
export function schemaRoute(schema: object): () => Promise<Response> {
  const headers = {
    "Content-Type": "application/schema+json; charset=utf-8",
    "Cache-Control": `public, max-age=${SCHEMA_FRESH_SECONDS}`,
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
  };
  return async () => new Response(JSON.stringify(schema), { headers });
}
