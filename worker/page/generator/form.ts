/**
 * What a person says of a policy that is to be written, and how a link carries it. Pure; the DOM is elsewhere.
 */

import { WORKLOAD_KINDS } from "../../../policies/cli/kinds/kinds.ts";
import { holdsToken } from "../playground/intake.ts";
import { levelsOffered } from "./permissions.ts";

/** The kind of whoever has a token at hand. */
export const FROM_TOKEN = "token";

export interface Form {
  /** Of WORKLOAD_KINDS, or FROM_TOKEN. */
  readonly kind: string;
  /** Of the kind, by name. */
  readonly fields: Readonly<Record<string, string>>;
  readonly owner: string;
  readonly repository: string;
  /** Whether the policy is the organization's, for the `repositories`, separated by commas or spaces. */
  readonly isOrganization: boolean;
  readonly repositories: string;
  readonly identity: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly defaultBranch: string;
  /** The repository, as owner/name, that holds a copy of this service's action. */
  readonly actionCopy: string;
}

/** What a link never carries. */
export interface Pasted {
  /** A token, its claims, a job's log. */
  readonly pasted: string;
  /** Claims of it that the policy wants as they are. */
  readonly also: readonly string[];
  readonly jwks: string;
}

export const NOTHING_PASTED: Pasted = { pasted: "", also: [], jwks: "" };

const TEXTS = {
  owner: "owner",
  repository: "repository",
  repositories: "repositories",
  identity: "identity",
  defaultBranch: "branch",
  actionCopy: "action",
} as const;
type TextKey = keyof typeof TEXTS;
const TEXT_KEYS = Object.keys(TEXTS) as readonly TextKey[];

/** Of a kind's own fields, in links and as names of controls. */
export const FIELD_PREFIX = "f.";
const MAX_CHARACTERS = 1_024;
const MAX_PERMISSIONS = 100;

/** A token that somebody pasted where it does not belong stays out of links. */
const mayBeShared = (text: string): boolean => text !== "" && text.length <= MAX_CHARACTERS && !holdsToken(text);

export function formFromState(state: URLSearchParams): Form {
  const textOf = (key: string) => (state.get(key) ?? "").slice(0, MAX_CHARACTERS);
  const asked = state.get("kind") ?? "";
  const kind = WORKLOAD_KINDS.find(({ name }) => name === asked);
  const fields = Object.keys(kind?.fields ?? {}).map((name) => [name, textOf(`${FIELD_PREFIX}${name}`)] as const);
  const texts = TEXT_KEYS.map((key) => [key, textOf(TEXTS[key])] as const);
  const pairs = textOf("permissions").split(",").slice(0, MAX_PERMISSIONS);
  const permissions = pairs.flatMap((pair) => {
    const [name = "", level = ""] = pair.split(":");
    return levelsOffered(name).includes(level) ? [[name, level] as const] : [];
  });
  return {
    ...(Object.fromEntries(texts) as Record<TextKey, string>),
    kind: kind?.name ?? (asked === FROM_TOKEN ? FROM_TOKEN : (WORKLOAD_KINDS[0]?.name ?? "")),
    fields: Object.fromEntries(fields.filter(([, value]) => value !== "")),
    isOrganization: state.get("for") === "organization",
    permissions: state.has("permissions") ? Object.fromEntries(permissions) : { contents: "read" },
  };
}

/** Another kind, with what was said of fields that both have. */
export function withKind({ kind, fields }: Form, next: string): Pick<Form, "kind" | "fields"> {
  const [before, after] = [kind, next].map(
    (wanted) => WORKLOAD_KINDS.find(({ name }) => name === wanted)?.fields ?? {},
  );
  const kept = Object.entries(fields).filter(([name]) => before?.[name] === after?.[name]);
  return { kind: next, fields: Object.fromEntries(kept) };
}

export function stateFromForm(form: Form): URLSearchParams {
  const state = new URLSearchParams({ kind: form.kind });
  const put = (key: string, value: string) => {
    if (mayBeShared(value)) state.set(key, value);
  };
  for (const [name, value] of Object.entries(form.fields)) put(`${FIELD_PREFIX}${name}`, value);
  for (const key of TEXT_KEYS) put(TEXTS[key], form[key]);
  if (form.isOrganization) state.set("for", "organization");
  const pairs = Object.entries(form.permissions).map((pair) => pair.join(":"));
  state.set("permissions", pairs.join(","));
  return state;
}
