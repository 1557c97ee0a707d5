/** The texts of many files, by GraphQL; one by one, by REST, where GraphQL does not give a text exactly as it is stored. */
import * as v from "valibot";
import type { Denial } from "../denial.ts";
import { POLICY_MAX_BYTES, SINGLE_TEXTS_MAX, TEXTS_MAX_BYTES_PER_CALL, TEXTS_PER_CALL } from "../limits.ts";
import { blobIdOf } from "./blob.ts";
import type { CallContext, RepositoryRef, TokenApi } from "./call.ts";
import { type Blob, readBlob, sha } from "./git.ts";
import { queryObjects } from "./graphql.ts";

/** Exported for the test that holds it against GitHub's schema. */
export const TEXT_FIELDS = "...on Blob{oid byteSize isTruncated text}";

export interface TextsAsked extends RepositoryRef {
  /** Each once; `size` in bytes, where it is known. */
  readonly blobs: readonly { readonly sha: string; readonly size?: number | undefined }[];
  /** How many more calls may be made for them. */
  readonly callsLeft: () => number;
}

export interface Texts {
  /** By the blob's id; what is missing was not read. */
  readonly found: ReadonlyMap<string, Blob>;
  /** Why reading ended early. */
  readonly denial?: Denial;
}

export async function readTexts(
  api: TokenApi,
  token: string,
  { blobs, callsLeft, ...place }: TextsAsked,
  call: CallContext,
): Promise<Texts> {
  const found = new Map<string, Blob>();
  for (const { sha: id, size = 0 } of blobs) if (size > POLICY_MAX_BYTES) found.set(id, { kind: "too_large" });
  const wanted = blobs.filter(({ sha: id }) => !found.has(id));
  let isAnswering = true;
  for (const batch of batchesOf(wanted)) {
    if (callsLeft() <= 0) break;
    const objects = batch.map(({ sha: id }) => ({ expression: id, fields: TEXT_FIELDS }));
    const texts = await queryObjects(api, token, { ...place, objects }, call);
    isAnswering = texts !== undefined;
    if (texts === undefined) break;
    const exact = await Promise.all(texts.map((text) => blobIn(text)));
    for (const [i, { sha: id }] of batch.entries()) if (exact[i]) found.set(id, exact[i]);
  }
  const others = wanted.filter(({ sha: id }) => !found.has(id));
  for (const { sha: id } of isAnswering ? others.slice(0, SINGLE_TEXTS_MAX) : others) {
    if (callsLeft() <= 0) break;
    const blob = await readBlob(api, token, { ...place, blob: id }, call);
    // What stands in the way of one stands in the way of the next.
    if (blob.kind === "denied") return { found, denial: blob.denial };
    if (blob.kind === "found") found.set(id, blob.value);
  }
  return { found };
}

function* batchesOf<T extends { readonly size?: number | undefined }>(blobs: readonly T[]): Generator<readonly T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const blob of blobs) {
    const size = blob.size ?? 0;
    if (batch.length >= TEXTS_PER_CALL || (batch.length > 0 && bytes + size > TEXTS_MAX_BYTES_PER_CALL)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(blob);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

const blobShape = v.object({
  oid: sha,
  byteSize: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  isTruncated: v.boolean(),
  text: v.nullable(v.string()),
});

/** Only a text that is, to the byte, the blob of its id: GraphQL converts what is not UTF-8, and gives no text for what it calls binary. */
async function blobIn(object: unknown): Promise<Blob | undefined> {
  const parsed = v.safeParse(blobShape, object);
  if (!parsed.success) return undefined;
  const { oid, byteSize, isTruncated, text } = parsed.output;
  if (byteSize > POLICY_MAX_BYTES) return { kind: "too_large" };
  if (text === null || isTruncated) return undefined;
  if ((await blobIdOf(new TextEncoder().encode(text), oid.length)) !== oid) return undefined;
  // As the exchange reads it.
  return { kind: "text", text: text.replace(/^\ufeff/, "") };
}
