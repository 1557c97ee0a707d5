/** What is remembered of an App and an owner, and how it is written to KV. Pure; judges no freshness. */
import * as v from "valibot";
import type { Installation } from "./shapes.ts";

export type InstallationValue =
  | { readonly kind: "found"; readonly installation: Installation }
  /** By owner: the App is not installed. */
  | { readonly kind: "none" }
  /** By owner: another name now. */
  | { readonly kind: "moved" }
  /** By repository. */
  | { readonly kind: "not_visible"; readonly problem: "not_selected" | "moved" | "gone" }
  /** Struck out: to be looked up again. */
  | { readonly kind: "forgotten" };

const stored = v.variant("kind", [
  v.object({
    kind: v.literal("found"),
    installation: v.object({
      id: v.number(),
      appId: v.string(),
      owner: v.string(),
      accountId: v.number(),
      ownerType: v.picklist(["Organization", "User"]),
      repositorySelection: v.picklist(["all", "selected"]),
      permissions: v.array(v.tuple([v.string(), v.string()])),
      suspended: v.boolean(),
    }),
  }),
  v.object({ kind: v.picklist(["none", "moved", "forgotten"]) }),
  v.object({ kind: v.literal("not_visible"), problem: v.picklist(["not_selected", "moved", "gone"]) }),
]);

/** For `CacheOptions.encode`. */
export function encodeInstallation(value: InstallationValue): unknown {
  if (value.kind !== "found") return value;
  return { kind: "found", installation: { ...value.installation, permissions: [...value.installation.permissions] } };
}

/** For `CacheOptions.decode`. */
export function decodeInstallation(value: unknown): InstallationValue | undefined {
  const parsed = v.safeParse(stored, value);
  if (!parsed.success) return undefined;
  if (parsed.output.kind !== "found") return parsed.output;
  const { installation } = parsed.output;
  return { kind: "found", installation: { ...installation, permissions: new Map(installation.permissions) } };
}

/** For `CacheOptions.isNegative`. */
export const isNegativeInstallation = (value: InstallationValue): boolean => value.kind !== "found";
