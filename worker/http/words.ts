/** How text of others stands in a line of ours: in a message, and in OAuth's description, which has fewer characters. */
import { quoted } from "../../policies/diagnostics.ts";

/** How text that is not ours stands in a line. */
export interface Words {
  /** Cut, and in quotes. */
  quote(text: string): string;
  plain(text: string): string;
  /** A pattern is shown to the letter, or not at all. */
  readonly showsPatterns: boolean;
}

/** A token's values are longer than what a policy's errors quote. */
const SHOWN_CHARACTERS = 300;

export const MESSAGE: Words = {
  quote: (text) => quoted(text, SHOWN_CHARACTERS),
  plain: (text) => text,
  showsPatterns: true,
};

/** Of RFC 6749 section 5.2: printable ASCII without `"` and `\`. A value that needs others is left out, as altered it would be another. */
export const DESCRIPTION: Words = {
  quote: (text) => (isDescribable(text) && text.length <= SHOWN_CHARACTERS ? `'${text}'` : "(not shown)"),
  plain: (text) => {
    const plain = text.replaceAll('"', "'");
    return isDescribable(plain) ? plain : "see the message";
  },
  showsPatterns: false,
};

const isDescribable = (text: string): boolean => /^[ !#-[\]-~]*$/.test(text);
