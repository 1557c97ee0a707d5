import { BUG_FRAMES_MAX } from "./limits.ts";

/** What may be logged of a bug: its name and where it happened. Its message may quote what it choked on, such as a token. */
export function describeBug(thrown: unknown): { readonly name: string; readonly stack: readonly string[] } {
  if (!(thrown instanceof Error)) return { name: typeof thrown, stack: [] };
  const { name, message, stack = "" } = thrown;
  if (!/^\w{1,80}$/.test(name)) return { name: "Error", stack: [] };
  // The stack begins with the message, in as many lines as that has, and a line of it may look like a frame. Where the message
  // was changed afterwards, nobody can tell where the old one ends.
  const start = stack.indexOf(message);
  const frames =
    start < 0
      ? []
      : stack
          .slice(start + message.length)
          .split("\n")
          .slice(1);
  return { name, stack: frames.filter((line) => /^ {4}at /.test(line)).slice(0, BUG_FRAMES_MAX) };
}
