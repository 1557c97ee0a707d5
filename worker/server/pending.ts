/**
 * What is being done: requests, and what goes on after their answers (revocations, events). When workerd is told to end it waits for
 * answers alone.
 */
import { pause } from "../store/pause.ts";

/** How often it is looked; nothing tells a request of another's end. */
const LOOK_EVERY_MS = 20;
/** Quiet for so long: between the last answer and the signal that ends the process, no request comes unseen. */
const IDLE_MS = 1_000;

export class Pending {
  #count = 0;

  add(work: Promise<unknown>): void {
    this.#count += 1;
    const done = (): void => {
      this.#count -= 1;
    };
    work.then(done, done);
  }

  /** The context of one request, which also counts what goes on after its answer. */
  around(context: ExecutionContext): ExecutionContext {
    return new Proxy(context, {
      get: (target, name) => {
        if (name !== "waitUntil") return Reflect.get(target, name, target);
        return (work: Promise<unknown>): void => {
          this.add(work);
          target.waitUntil(work);
        };
      },
    });
  }

  /** Begins at once, and ends when nothing is left to do. */
  untilIdle(): ReadableStream<Uint8Array> {
    let quietMs = 0;
    let isFirst = true;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      if (isFirst) {
        isFirst = false;
        controller.enqueue(new TextEncoder().encode("held\n"));
        return;
      }
      while (quietMs < IDLE_MS) {
        await pause(LOOK_EVERY_MS);
        quietMs = this.#count === 0 ? quietMs + LOOK_EVERY_MS : 0;
      }
      controller.close();
    };
    return new ReadableStream({ pull });
  }
}
