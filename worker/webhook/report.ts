/**
 * The check run of one commit at GitHub. It is made completed, in one call, so that nothing that ends us leaves it pending; annotations
 * beyond the first fifty are added to a run of our own making only, so that two deliveries at once double none.
 */
import type { Denial } from "../denial.ts";
import { addAnnotations, type CheckRun, type CompletedRun, createCheckRun, findCheckRun } from "../github/checks.ts";
import type { Lookup } from "../github/response.ts";
import { CHECK_ANNOTATIONS_PER_CALL } from "../limits.ts";
import { toHex } from "../store/digest.ts";
import { hmacOf, isHmacOf } from "../store/hmac.ts";
import type { CheckClient } from "./client.ts";
import { withoutAnnotations } from "./summary.ts";

/** What a run of ours is about. */
export interface RunMarker {
  readonly head: string;
  /** The commit that the head was compared with, or `none`. */
  readonly base: string;
  /** Otherwise a later event does it. */
  readonly isDone: boolean;
}

/** Of a check that could not be done the base may not be known. */
type About = Omit<RunMarker, "base"> & { readonly base: string | undefined };

/** Absent: GitHub does not have the commit any more. */
export async function reportRun(client: CheckClient, verdict: CompletedRun, about: About): Promise<Lookup<CheckRun>> {
  const { run, github, token, place } = client;
  const [first = [], ...more] = batchesOf(verdict.output.annotations ?? []);
  const marked = await withMarker(client, about, verdict);
  const plain = async () => create(client, about.head, await withMarker(client, about, withoutAnnotations(verdict)));
  const made = await create(client, about.head, { ...marked, output: { ...marked.output, annotations: first } });
  if (made.kind === "denied") return made;
  // What GitHub refuses in a run is mostly an annotation: the verdict is given without any.
  if (made.kind === "absent") return plain();
  const { title, summary } = marked.output;
  for (const annotations of more) {
    const at = { ...place, id: made.value.id, output: { title, summary, annotations } };
    const added = await addAnnotations(github, token, at, run.lastCall);
    if (added.kind !== "found") return plain();
  }
  return made;
}

/** A lost answer may hide a run that was made: it is looked for before another one is. */
async function create(
  { github, token, place, run, app }: CheckClient,
  head: string,
  verdict: CompletedRun,
): Promise<Lookup<CheckRun>> {
  const made = await createCheckRun(github, token, { ...place, head, verdict }, run.lastCall);
  if (made.kind !== "denied" || !LOST.includes(made.denial.reason)) return made;
  const found = await findCheckRun(github, token, { ...place, head, appId: app.id }, run.lastCall);
  if (found.kind !== "found") return made;
  if (found.value?.summary === verdict.output.summary) return { kind: "found", value: found.value };
  return createCheckRun(github, token, { ...place, head, verdict }, run.lastCall);
}

const LOST: readonly Denial["reason"][] = ["github_unavailable", "github_invalid_answer"];

function batchesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / CHECK_ANNOTATIONS_PER_CALL);
  return Array.from({ length: count }, (_, i) =>
    items.slice(i * CHECK_ANNOTATIONS_PER_CALL, (i + 1) * CHECK_ANNOTATIONS_PER_CALL),
  );
}

/** Last, and in a form that no code span has. */
const MARKER = /\n<!-- (verdict|undone) base:(none|[0-9a-f]{40,64}) mac:([0-9a-f]{64}) -->\s*$/;

async function withMarker(client: CheckClient, about: About, verdict: CompletedRun): Promise<CompletedRun> {
  const { base, isDone } = about;
  if (base === undefined) return verdict;
  const [secret = ""] = client.secrets;
  const text = markerText(client, { ...about, base }, verdict.conclusion);
  const mac = toHex(await hmacOf(text, await markerKey(secret)));
  const marker = `<!-- ${isDone ? "verdict" : "undone"} base:${base} mac:${mac} -->`;
  return { ...verdict, output: { ...verdict.output, summary: `${verdict.output.summary}\n\n${marker}` } };
}

/**
 * What this run is about; undefined for one that is not of our making. A workload with `checks: write` works through the same App: it
 * can make a run of our name and copy any text of ours, and knows no webhook secret.
 */
export async function readMarker(client: CheckClient, head: string, run: CheckRun): Promise<RunMarker | undefined> {
  const [, kind, base, mac] = MARKER.exec(run.summary) ?? [];
  if (base === undefined || mac === undefined || run.conclusion === null) return undefined;
  const marked = { head, base, isDone: kind === "verdict" };
  const text = markerText(client, marked, run.conclusion);
  for (const secret of client.secrets) if (await isHmacOf(mac, text, await markerKey(secret))) return marked;
  return undefined;
}

function markerText({ place, app }: CheckClient, { head, base, isDone }: RunMarker, conclusion: string): Uint8Array {
  const { owner, repository } = place;
  const about = [app.id, owner.toLowerCase(), repository.toLowerCase(), head, base, isDone, conclusion];
  return new TextEncoder().encode(JSON.stringify(about));
}

/** A key of its own: a webhook's signature is none for a run, nor the other way round. */
const markerKey = (secret: string): Promise<Uint8Array> =>
  hmacOf(new TextEncoder().encode("key of check run markers"), new TextEncoder().encode(secret));
