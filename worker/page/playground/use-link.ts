/** The link that holds the state: read when it is opened, written when somebody shares it and at no other time. */
import { useEffect, useRef } from "preact/hooks";
import type { ViewProps } from "../view.ts";
import type { Input } from "./input.ts";
import { packed, shareable, unpacked } from "./link.ts";

interface LinkProps extends Pick<ViewProps, "state" | "setState"> {
  readonly change: (part: Partial<Input>) => void;
}

/** What shares it, and tells what became of it. */
export function useLink({ state, setState, change }: LinkProps): (input: Input) => Promise<string> {
  const own = useRef("");
  useEffect(() => {
    // What was shared from here stands here already.
    if (state.toString() !== own.current) void unpacked(state).then(change);
  }, [state, change]);
  return async (input) => {
    const found = shareable(input);
    if (!found.ok) return found.message;
    const made = await packed(found.shared);
    own.current = made.toString();
    setState(made);
    const copied = await navigator.clipboard.writeText(location.href).then(
      () => "The link is copied: whoever has it sees policy and claims.",
      () => "The link stands in the address bar.",
    );
    return [copied, found.note].join(" ").trim();
  };
}
