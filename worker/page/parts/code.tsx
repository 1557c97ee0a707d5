/** A text to take away: shown as it is, with a button that copies it. */
import { CopyButton } from "./copy-button.tsx";

export interface CodeProps {
  readonly text: string;
  /** What it is, for the button and for who does not see it: "the policy". */
  readonly what: string;
}

export function Code({ text, what }: CodeProps) {
  return (
    <figure class="code">
      <figcaption class="hidden">{what}</figcaption>
      {/* It scrolls sideways, which the keyboard can do only with what has the focus. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: as above */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </figure>
  );
}
