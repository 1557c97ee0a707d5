// The real KV namespace, watched, or out of order.

import { env } from "cloudflare:workers";

export interface WatchedKv {
  readonly binding: Pick<KVNamespace, "get" | "put">;
  readonly gets: string[];
  /** Of how many keys, by operation. */
  readonly reads: number[];
  readonly puts: { readonly key: string; readonly value: string }[];
  /** What throws from now on. */
  fail: "nothing" | "get" | "put" | "all";
  /** What never answers from now on. */
  hang: "nothing" | "get" | "put" | "all";
}

/** Of the real namespace, in either form. */
export const readKv = (asked: string | string[], type: "json"): Promise<unknown> =>
  typeof asked === "string" ? env.STS_CACHE.get(asked, type) : env.STS_CACHE.get(asked, type);

export function watchedKv(): WatchedKv {
  const kv = env.STS_CACHE;
  const gate = async (operation: "get" | "put"): Promise<void> => {
    if ([operation, "all"].includes(watched.fail)) throw new Error("KV is out of order");
    if ([operation, "all"].includes(watched.hang)) await new Promise<never>(() => undefined);
  };
  const watched: WatchedKv = {
    gets: [],
    reads: [],
    puts: [],
    fail: "nothing",
    hang: "nothing",
    // Only the forms that the Worker uses; the rest of the overloads is the platform's.
    binding: {
      get: async (asked: string | string[], type: "json") => {
        const keys = [asked].flat();
        watched.gets.push(...keys);
        watched.reads.push(keys.length);
        await gate("get");
        return readKv(asked, type);
      },
      put: async (key: string, value: string, options?: KVNamespacePutOptions) => {
        await gate("put");
        watched.puts.push({ key, value });
        await kv.put(key, value, options);
      },
    } as Pick<KVNamespace, "get" | "put">,
  };
  return watched;
}

/** Every value in the namespace, parsed. */
export async function storedValues(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const { keys } = await env.STS_CACHE.list();
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { name } of keys) {
    const value = await env.STS_CACHE.get<Readonly<Record<string, unknown>>>(name, "json");
    if (value) found.set(name, value);
  }
  return found;
}
