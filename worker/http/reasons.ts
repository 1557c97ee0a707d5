/**
 * `GET /reasons/<reason>`: what a refusal means, who must act, and what they do. A refusal's `error_uri` leads here, so that it may
 * stay one line. `GET /reasons`: all of them. Public and the same for everyone, as it is about the reason and no exchange.
 */
import { ownProperty } from "../../policies/objects.ts";
import { REFUSALS } from "../denial.ts";
import { accepts } from "./accept.ts";
import type { AssetContext } from "./assets.ts";
import { documentRoute, fileRoute } from "./documents.ts";
import { NOT_FOUND, plainRefusal } from "./respond.ts";

/** `name`: undefined for the list. Only names of the catalogue become a path. */
export async function reasonRoute(context: AssetContext, name: string | undefined): Promise<Response> {
  if (name !== undefined && ownProperty(REFUSALS, name) === undefined) {
    return plainRefusal(NOT_FOUND, context.requestId);
  }
  const path = `/reasons/${name ?? "index"}`;
  const { headers } = context.request;
  if (accepts(headers, "application/json")) return fileRoute(context, `${path}.json`, JSON_TYPE);
  return accepts(headers, "text/html")
    ? documentRoute(context, `${path}.html`)
    : fileRoute(context, `${path}.txt`, TEXT_TYPE);
}

const JSON_TYPE = { "Content-Type": "application/json; charset=utf-8", Vary: "Accept" };
const TEXT_TYPE = { "Content-Type": "text/plain; charset=utf-8", Vary: "Accept" };
