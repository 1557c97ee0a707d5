/**
 * The check run of one commit at GitHub. It is made completed, in one call, so that nothing that ends us leaves it pending; annotations
 * beyond the first fifty are added to a run of our own making only, so that two deliveries at once double none.
 */
import type { Denial } from "../denial.ts";
import { addAnnotations, type CheckRun, type CompletedRun, createCheckRun, findCheckRun } from "../github/checks.ts";
import type { Lookup } from "../github/response.ts";
import { CHECK_ANNOTATIONS_PER_CALL } from "../limits.ts";
import { toHex } from "../store/digest.ts";
import type { Desk } from "./desk.ts";
import { plainly, type Told } from "./summary.ts";

export type Reported =
  | { readonly kind: "reported"; readonly conclusion: CompletedRun["conclusion"] }
  /** GitHub does not have the commit any more. */
  | { readonly kind: "gone" }
  | { readonly kind: "denied"; readonly denial: Denial };

export interface Report {
  readonly head: string;
  readonly told: Told;
  /** The commit that the head was compared with, or `none`; absent where that is not known. */
  readonly base: string | undefined;
  /** Otherwise a later event does it. */
  readonly isDone: boolean;
}

export async function reportVerdict(desk: Desk, { head, told, base, isDone }: Report): Promise<Reported> {
  const fits = Math.max(1, desk.run.callsLeft - 2) * CHECK_ANNOTATIONS_PER_CALL;
  const batches = batchesOf(told.annotations.slice(0, fits));
  const [first = [], ...more] = batches;
  const marked = base === undefined ? told : await withMarker(desk, { head, base, isDone }, told);
  const made = await create(desk, head, { ...marked, output: { ...marked.output, annotations: first } });
  if (made.kind === "denied") return made;
  if (made.kind === "absent") return createPlainly(desk, head, marked);
  const { title, summary } = marked.output;
  for (const annotations of more) {
    const at = { ...desk.place, id: made.value.id, output: { title, summary, annotations } };
    const added = await addAnnotations(desk.github, desk.token, at, desk.run.lastCall);
    if (added.kind !== "found") return createPlainly(desk, head, marked);
  }
  return { kind: "reported", conclusion: told.conclusion };
}

/** What GitHub refuses in a run is mostly an annotation: the verdict is given without any. */
async function createPlainly(desk: Desk, head: string, told: Told): Promise<Reported> {
  const made = await create(desk, head, plainly(told));
  if (made.kind === "denied") return made;
  return made.kind === "absent" ? { kind: "gone" } : { kind: "reported", conclusion: told.conclusion };
}

/** A lost answer may hide a run that was made: it is looked for before another one is. */
async function create(
  { github, token, place, run }: Desk,
  head: string,
  verdict: CompletedRun,
): Promise<Lookup<CheckRun>> {
  const made = await createCheckRun(github, token, { ...place, head, verdict }, run.lastCall);
  if (made.kind !== "denied" || !LOST.includes(made.denial.reason)) return made;
  const found = await findCheckRun(github, token, { ...place, head, appId: run.origin.appId }, run.lastCall);
  if (found.kind === "found" && found.value?.summary === verdict.output.summary)
    return { kind: "found", value: found.value };
  return found.kind === "found" ? createCheckRun(github, token, { ...place, head, verdict }, run.lastCall) : made;
}

const LOST: readonly Denial["reason"][] = ["github_unavailable", "github_invalid_answer"];

function batchesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / CHECK_ANNOTATIONS_PER_CALL);
  return Array.from({ length: count }, (_, i) =>
    items.slice(i * CHECK_ANNOTATIONS_PER_CALL, (i + 1) * CHECK_ANNOTATIONS_PER_CALL),
  );
}

/** What a run of ours is about. */
interface Marked {
  readonly head: string;
  /** A commit, or `none`. */
  readonly base: string;
  readonly isDone: boolean;
}

/** Last, and in a form that no code span has. */
const MARKER = /\n<!-- (verdict|undone) base:(none|[0-9a-f]{40,64}) mac:([0-9a-f]{64}) -->\s*$/;

async function withMarker(desk: Desk, marked: Marked, told: Told): Promise<Told> {
  const [secret = ""] = desk.secrets;
  const mac = await macOf(desk, { ...marked, conclusion: told.conclusion }, secret);
  const marker = `<!-- ${marked.isDone ? "verdict" : "undone"} base:${marked.base} mac:${mac} -->`;
  return { ...told, output: { ...told.output, summary: `${told.output.summary}\n\n${marker}` } };
}

/**
 * What this run is about; undefined for one that is not of our making. A workload with `checks: write` works through the same App: it
 * can make a run of our name and copy any text of ours, and knows no webhook secret.
 */
export async function readMarker(desk: Desk, head: string, run: CheckRun): Promise<Marked | undefined> {
  const [, kind, base, mac] = MARKER.exec(run.summary) ?? [];
  if (base === undefined || mac === undefined || run.conclusion === null) return undefined;
  const marked = { head, base, isDone: kind === "verdict" };
  const about = { ...marked, conclusion: run.conclusion };
  const macs = await Promise.all(desk.secrets.map((secret) => macOf(desk, about, secret)));
  const bytes = (text: string) => new TextEncoder().encode(text);
  return macs.some((one) => crypto.subtle.timingSafeEqual(bytes(one), bytes(mac))) ? marked : undefined;
}

/** In hex, with a key of its own: a webhook's signature is none for a run, nor the other way round. */
async function macOf(
  { place, run }: Desk,
  { head, base, isDone, conclusion }: Marked & { readonly conclusion: string },
  secret: string,
): Promise<string> {
  const key = await hmac(new TextEncoder().encode(secret), "key of check run markers");
  const { owner, repository } = place;
  const about = [run.origin.appId, owner.toLowerCase(), repository.toLowerCase(), head, base, isDone, conclusion];
  return toHex(await hmac(key, JSON.stringify(about)));
}

async function hmac(key: Uint8Array, text: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}
