// The bucket of vitest.config.ts, which wrangler.toml has not: R2 as it is in workerd.

import { env } from "cloudflare:workers";

// What the configuration of the tests binds.
export const AUDIT_BUCKET = Reflect.get(env, "AUDIT_BUCKET") as R2Bucket;

/** Every object, by its key. */
export async function storedObjects(): Promise<Readonly<Record<string, string>>> {
  const { objects } = await AUDIT_BUCKET.list();
  const texts = objects.map(async ({ key }) => [key, (await (await AUDIT_BUCKET.get(key))?.text()) ?? ""] as const);
  return Object.fromEntries(await Promise.all(texts));
}
