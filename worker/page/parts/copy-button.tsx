/** Copies a text, and says that it did. */
import { useState } from "preact/hooks";
import { announce } from "./announce.ts";

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for who does not see it: "the policy". */
  readonly what: string;
}

const SHOWN_MS = 2_000;

export function CopyButton({ text, what }: CopyButtonProps) {
  const [said, setSaid] = useState<string>();
  const say = (short: string, long: string) => {
    setSaid(short);
    announce(long);
    setTimeout(() => setSaid(undefined), SHOWN_MS);
  };
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => say("Copied", `Copied ${what}`),
      () => say("Select it, and copy by hand", "The browser does not allow to copy"),
    );
  return (
    <button type="button" class="small" aria-label={said === undefined ? `Copy ${what}` : undefined} onClick={copy}>
      {said ?? "Copy"}
    </button>
  );
}
