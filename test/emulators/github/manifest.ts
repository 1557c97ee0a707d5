// What GitHub says of an App's manifest before it makes an App of it. Pure.

import permissions from "../../policies/permissions.json" with { type: "json" };
import { atLeast, isRecord } from "./route.ts";
import type { Manifest } from "./state.ts";
import { levelsOf } from "./tokens.ts";

/** Events that an App may ask for, by the permission that each takes; those of installations come unasked, and are refused here. */
const PERMISSION_OF_EVENT: ReadonlyMap<string, string> = new Map([
  ["check_run", "checks"],
  ["check_suite", "checks"],
  ["issue_comment", "issues"],
  ["issues", "issues"],
  ["member", "members"],
  ["merge_group", "merge_queues"],
  ["pull_request", "pull_requests"],
  ["push", "contents"],
  ["release", "contents"],
  ["repository", "metadata"],
  ["workflow_run", "actions"],
]);
/** Those of enterprises no manifest may ask for. */
const PERMISSIONS = new Set(
  permissions.permissions.filter(({ scope }) => scope !== "enterprise").map(({ name }) => name),
);
export const NAME_MAX_CHARACTERS = 34;
const NOT_REACHABLE = "is not supported because it isn't reachable over the public Internet";

export type ManifestReading = { readonly manifest: Manifest; readonly fault?: never } | { readonly fault: string };

export function readManifest(text: string | null): ManifestReading {
  const value = parsed(text);
  if (!isRecord(value)) return { fault: "Manifest is not a JSON object" };
  const fault = addressFault(value) ?? permissionFault(value) ?? eventFault(value);
  if (fault !== null) return { fault };
  // Each member that is looked at was checked above.
  return { manifest: { name: "", default_permissions: {}, default_events: [], ...value } as unknown as Manifest };
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

function isWebAddress(value: unknown): value is string {
  return typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function addressFault({ url, hook_attributes: hook, redirect_url, ...rest }: Record<string, unknown>): string | null {
  // GitHub names the field, and not what it is in.
  if (url === undefined || (hook !== undefined && (!isRecord(hook) || hook.url === undefined))) {
    return `"url" wasn't supplied.`;
  }
  if (!isWebAddress(url)) return "Homepage URL must be a valid URL";
  if (redirect_url !== undefined && !isWebAddress(redirect_url)) return "Redirect URL must be a valid URL";
  if (rest.name !== undefined && typeof rest.name !== "string") return "Name is not a string";
  if (rest.public !== undefined && typeof rest.public !== "boolean") return "Public is not a boolean";
  if (!isRecord(hook)) return null;
  if (!isWebAddress(hook.url)) return "Hook url must be a valid URL";
  const { hostname } = new URL(hook.url);
  const isLocal = hostname === "localhost" || hostname === "[::1]" || /^(?:127|10|192\.168)\./.test(hostname);
  return isLocal ? `Hook url ${NOT_REACHABLE} (${hostname})` : null;
}

function permissionFault({ default_permissions: asked = {} }: Record<string, unknown>): string | null {
  if (!isRecord(asked)) return "Default permissions is not an object";
  const unknown = Object.keys(asked).some((name) => !PERMISSIONS.has(name));
  if (unknown) return "Default permission records resource is not included in the list";
  const isLevel = ([name, level]: [string, unknown]) => typeof level === "string" && levelsOf(name).includes(level);
  return Object.entries(asked).every(isLevel) ? null : "Default permission records action is not included in the list";
}

function eventFault({ default_events: events = [], default_permissions = {} }: Record<string, unknown>): string | null {
  if (!Array.isArray(events)) return "Default events is not an array";
  const held: ReadonlyMap<string, unknown> = new Map(
    Object.entries({ metadata: "read", ...Object(default_permissions) }),
  );
  const faults: string[] = [];
  const unsupported = events.filter((event) => !PERMISSION_OF_EVENT.has(event));
  if (unsupported.length > 0) faults.push(`Default events unsupported: ${unsupported.join(" and ")}`);
  const bare = events.filter((event) => !atLeast(held.get(PERMISSION_OF_EVENT.get(event) ?? "")?.toString(), "read"));
  if (bare.length > 0) faults.push(`Default events are not supported by permissions: ${bare.join(" and ")}`);
  return faults.length === 0 ? null : faults.join("\n");
}
