/**
 * What GitHub's own words for a 403, 404 or 422 tell apart where its status does not. Pure. The words are only looked at: none of
 * them goes anywhere, and with other words the refusal is told less exactly, never granted.
 */
import { ownField } from "./reply.ts";

const MESSAGE_MAX_CHARACTERS = 1_000;

function messageOf(json: unknown): string {
  const message = ownField(json, "message");
  return typeof message === "string" ? message.slice(0, MESSAGE_MAX_CHARACTERS).toLowerCase() : "";
}

/** "This installation has been suspended". */
export const isSuspension = (json: unknown): boolean => messageOf(json).includes("suspended");

/** "Integration not found": the 404 is about the App that asks, not about what it asks for. */
export const isUnknownApp = (json: unknown): boolean => messageOf(json).includes("integration not found");

/** "The permissions requested are not granted to this installation." against "There is at least one repository that ...". */
export function unprocessableCause(json: unknown): "permissions" | "repositories" | "unclear" {
  const message = messageOf(json);
  const permissions = message.includes("permission");
  const repositories = message.includes("repositor");
  if (permissions === repositories) return "unclear";
  return permissions ? "permissions" : "repositories";
}

/** Contents above 100 MB: a 403 that is no lack of rights. */
export function isTooLarge(json: unknown): boolean {
  const errors = ownField(json, "errors");
  return Array.isArray(errors) && errors.some((error) => ownField(error, "code") === "too_large");
}
