/** What is wrong or worth saying of the file, each with what one click makes of it. Pure. */
import { type CheckContext, checkPolicy, checkTrustedIssuers } from "../../../policies/check.ts";
import { type Mendable, withRemedies } from "../../../policies/cli/editing/remedies.ts";
import type { Diagnostic } from "../../../policies/diagnostics.ts";
import { MENDER } from "../../../policies/lint/mending/mender.ts";
import type { FileRoleName } from "./input.ts";

/** Each remedy is proven by reading the file again: of a large file only the first ones are. */
const MAX_CHECKED_CHARACTERS = 262_144;

/** `found`: what was said of the text. */
export function findingsIn(
  text: string,
  found: readonly Diagnostic[],
  file: FileRoleName,
  context: CheckContext,
): readonly Mendable[] {
  let left = MAX_CHECKED_CHARACTERS;
  const check = (made: string): readonly Diagnostic[] => {
    left -= made.length;
    // What was not looked at counts as not mended.
    return left < 0 ? found : diagnosticsOf(made, file, context);
  };
  return withRemedies(found, text, check);
}

function diagnosticsOf(text: string, file: FileRoleName, context: CheckContext): readonly Diagnostic[] {
  return file === "issuers" ? checkTrustedIssuers(text, MENDER) : checkPolicy(text, context).diagnostics;
}
