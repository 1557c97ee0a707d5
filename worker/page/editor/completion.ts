/**
 * What can stand at a place of a policy, or of a list of trusted issuers: keys, claims, permissions and their levels from the JSON
 * schemas, values from what issuers document and from the token at hand. Pure.
 */
import { findClaim, scalarAsString } from "../../../policies/claims.ts";
import { plainScalar } from "../../../policies/cli/scalars.ts";
import { claimNamesOf, formOf } from "../../../policies/lint/forms/forms.ts";
import { WORKLOADS } from "../../../policies/lint/workloads.ts";
import { escapePattern } from "../../../policies/pattern/escape.ts";
import { permissionNamed } from "../../../policies/permissions.ts";
import policySchema from "../../../policies/policy.schema.json" with { type: "json" };
import { claimNames } from "../../../policies/suggest.ts";
import issuersSchema from "../../../policies/trusted-token-issuers.schema.json" with { type: "json" };

export interface Offer {
  readonly label: string;
  /** What is typed in its place, where that is more than the label. */
  readonly insert?: string;
  /** Beside it, in a word or two. */
  readonly detail?: string;
  readonly info?: string;
}

export interface Offers {
  /** Offset from which on the text is replaced. */
  readonly from: number;
  readonly offers: readonly Offer[];
}

export interface KnownNames {
  readonly file: "repository" | "organization" | "issuers";
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  readonly domain: string;
  readonly apps: readonly string[];
}

type Properties = Readonly<Record<string, { readonly description?: string }>>;

const POLICY_KEYS: Properties = policySchema.properties;
const ISSUERS_KEYS: Properties = issuersSchema.properties;
const PERMISSIONS: Readonly<Record<string, { readonly enum?: readonly (string | null)[] }>> =
  policySchema.properties.permissions.anyOf[0]?.properties ?? {};

/** `at`: where the cursor stands. Undefined where nothing is known. */
export function offersAt(text: string, at: number, known: KnownNames): Offers | undefined {
  const place = placeIn(text, at);
  if (place === undefined) return undefined;
  const offers = place.key === undefined ? keyOffers(text, place, known) : valueOffers(text, place, known);
  return offers.length === 0 ? undefined : { from: at - place.typed.length, offers };
}

interface Place {
  /** The keys above, outermost first. */
  readonly above: readonly string[];
  /** Of the value that is typed; undefined where a key is. */
  readonly key: string | undefined;
  readonly typed: string;
  /** In brackets on one line, or in a list: no colon and no new line belongs there. */
  readonly isFlow: boolean;
}

const VALUE = /^(\s*)([\w./-]+):\s+(['"]?[^\s{}[\],'"#]*)$/;
const KEY = /^(\s*)([\w./-]*)$/;
const ITEM = /^(\s*)-\s+(['"]?[^\s'"#]*)$/;
const FLOW = /^(\s*)([\w./-]+):\s*[{[](?:.*[,{[])?\s*(?:([\w./-]+):\s+)?(['"]?[\w:/.@-]*)$/;

function placeIn(text: string, at: number): Place | undefined {
  const before = text.slice(0, at).split("\n");
  const line = before.pop() ?? "";
  const [, flowIndent, flowKey = "", inner, flowTyped = ""] = FLOW.exec(line) ?? [];
  if (flowIndent !== undefined) {
    const above = [...keysAbove(before, flowIndent.length), flowKey];
    return { above, key: inner ?? (line.includes("[") ? "" : undefined), typed: flowTyped, isFlow: true };
  }
  const [, valueIndent, key, typed = ""] = VALUE.exec(line) ?? [];
  if (valueIndent !== undefined) return { above: keysAbove(before, valueIndent.length), key, typed, isFlow: false };
  const [, itemIndent, item = ""] = ITEM.exec(line) ?? [];
  if (itemIndent !== undefined) {
    return { above: keysAbove(before, itemIndent.length + 1), key: "", typed: item, isFlow: false };
  }
  const [, keyIndent, name = ""] = KEY.exec(line) ?? [];
  if (keyIndent === undefined) return undefined;
  return { above: keysAbove(before, keyIndent.length), key: undefined, typed: name, isFlow: false };
}

/** By indentation alone: the text is being typed, and is seldom whole. */
function keysAbove(lines: readonly string[], indent: number): readonly string[] {
  const above: string[] = [];
  let least = indent;
  for (const line of lines.toReversed()) {
    const [, spaces = "", name] = /^(\s*)([\w./-]+):/.exec(line) ?? [];
    if (name === undefined || spaces.length >= least) continue;
    above.unshift(name);
    least = spaces.length;
    if (least === 0) break;
  }
  return above;
}

function keyOffers(text: string, { above, isFlow }: Place, known: KnownNames): readonly Offer[] {
  const [top] = above;
  if (top === undefined) return topKeys(text, known);
  if (above.length > 1 || known.file === "issuers") return [];
  const written = (name: string) => ({ label: name, insert: isFlow || name !== "" ? `${name}: ` : name });
  if (top === "permissions") {
    return Object.keys(PERMISSIONS).map((name) => {
      const { scope = "", levels = [] } = permissionNamed(name) ?? {};
      return { ...written(name), detail: scope === "repository" ? "" : scope, info: `Levels: ${levels.join(", ")}` };
    });
  }
  return top === "claim_pattern"
    ? claimOffers(text, known).map((offer) => ({ ...offer, ...written(offer.label) }))
    : [];
}

/** Keys that stand there already are not offered again. */
function topKeys(text: string, { file }: KnownNames): readonly Offer[] {
  const keys = file === "issuers" ? ISSUERS_KEYS : POLICY_KEYS;
  const there = new Set(Array.from(text.matchAll(/^([\w-]+):/gm), ([, name]) => name));
  return Object.entries(keys)
    .filter(([name]) => !there.has(name) && (name !== "repositories" || file === "organization"))
    .map(([name, { description = "" }]) => ({
      label: name,
      insert: NESTED.has(name) ? `${name}:\n  ` : `${name}: `,
      info: description,
    }));
}

const NESTED: ReadonlySet<string> = new Set(["claim_pattern", "permissions"]);

function valueOffers(text: string, place: Place, known: KnownNames): readonly Offer[] {
  const { above, key = "" } = place;
  const [top = key] = above;
  if (known.file === "issuers") {
    if (key === "mode") return [{ label: "enforce" }, { label: "audit" }];
    return top === "issuers" ? issuerOffers(known) : [];
  }
  switch (top) {
    case "issuer":
      return issuerOffers(known);
    case "subject":
      return subjectOffers(text, known);
    case "audience":
      return known.domain === "" ? [] : [{ label: known.domain, detail: "this deployment" }];
    case "app":
      return known.apps.map((label) => ({ label }));
    case "permissions":
      return above.length === 1 ? levelOffers(key) : [];
    case "claim_pattern":
      return above.length === 1 ? claimValueOffers(text, key, known) : [];
    default:
      return [];
  }
}

function levelOffers(name: string): readonly Offer[] {
  return (PERMISSIONS[name]?.enum ?? []).filter((level) => level !== null).map((label) => ({ label }));
}

const ofToken = (value: unknown): readonly Offer[] => {
  const text = scalarAsString(value);
  return text === undefined || text === "" ? [] : [{ label: text, insert: plainScalar(text), detail: "of the token" }];
};

function issuerOffers({ claims }: KnownNames): readonly Offer[] {
  const documented = WORKLOADS.flatMap(({ forms: { iss, issuer } }) =>
    (iss.split(" | ")[0] ?? "").split(" ").map((label) => ({ label, detail: issuer })),
  );
  const own = ofToken(claims?.iss);
  return [...own, ...documented.filter(({ label }) => !/[A-Z]{2}/.test(label) && label !== own[0]?.label)];
}

function formsIn(text: string) {
  const issuer = /^issuer:\s*['"]?([^\s'"#]+)/m.exec(text)?.[1] ?? "";
  const address = issuer.replace(/^https?:\/\//, "");
  return issuer === "" ? undefined : WORKLOADS.find(({ forms }) => forms.hosts.test(address))?.forms;
}

function subjectOffers(text: string, { claims }: KnownNames): readonly Offer[] {
  const forms = (formsIn(text)?.sub.split(" | ")[0] ?? "").split(" ").filter((form) => form !== "");
  return [...ofToken(claims?.sub), ...forms.map((label) => ({ label, detail: "fill in the capitals" }))];
}

/** Those of the token first: the others may not be there. */
function claimOffers(text: string, { claims = {} }: KnownNames): readonly Offer[] {
  const own = claimNames(claims).filter((name) => !COMPARED.has(name));
  const forms = formsIn(text);
  const documented = forms === undefined ? [] : claimNamesOf(forms).filter((name) => !COMPARED.has(name));
  return [
    ...own.map((label) => ({ label, detail: "of the token", info: shownValue(findClaim(claims, label)?.value) })),
    ...documented
      .filter((name) => !own.includes(name))
      .map((label) => ({ label, ...(forms && { detail: forms.issuer }) })),
  ];
}

/** Clauses of their own, and what is another one in every token. */
const COMPARED: ReadonlySet<string> = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]);

const shownValue = (value: unknown): string => (JSON.stringify(value) ?? "").slice(0, 100);

function claimValueOffers(text: string, name: string, { claims = {} }: KnownNames): readonly Offer[] {
  const value = scalarAsString(findClaim(claims, name)?.value);
  const own = value === undefined ? [] : ofToken(escapePattern(value));
  const forms = formsIn(text);
  const shown = (forms && formOf(forms, name)?.split(" | ")[0]) ?? "";
  return [
    ...own,
    ...shown
      .split(" ")
      .filter((label) => label !== "" && label !== value)
      .map((label) => ({
        label,
        insert: plainScalar(label),
        ...(/[A-Z]{2}/.test(label) && { detail: "fill in the capitals" }),
      })),
  ];
}
