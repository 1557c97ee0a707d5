/** What a hostile or ailing address may answer. */
import type { Route } from "./network.ts";

/** A body that starts and then breaks off. */
export const cut = (text = "{"): Response =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        controller.error(new Error("connection reset"));
      },
    }),
  );

/** A body that starts and never ends: with more text each time, or with silence. */
export const endless = (chunk: Uint8Array | undefined): Response =>
  new Response(
    new ReadableStream({
      pull(controller) {
        if (!chunk) return new Promise<void>(() => undefined);
        controller.enqueue(chunk);
        return undefined;
      },
    }),
  );

export const status =
  (code: number): Route =>
  () =>
    new Response("{}", { status: code });
export const text =
  (body: string): Route =>
  () =>
    new Response(body);
export const moved =
  (location: string, code = 302): Route =>
  () =>
    new Response(null, { status: code, headers: { Location: location } });
