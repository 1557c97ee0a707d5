/** The patterns by which refusals are explained, compiled. One per isolate. */
import { type CompiledPattern, compilePattern } from "../../policies/pattern/pattern.ts";
import { HINT_PATTERNS_MAX, HINT_PATTERNS_MAX_BYTES } from "../limits.ts";
import { BoundedMap } from "./memory.ts";

/** Clients repeat a refusal three times, and compiling a pattern costs as much as a tenth of one. */
export class HintPatterns {
  readonly #compiled = new BoundedMap<CompiledPattern>(HINT_PATTERNS_MAX, {
    maxBytes: HINT_PATTERNS_MAX_BYTES,
    of: (pattern, source) => source.length * 2 + (pattern.ok ? pattern.value.estimatedBytes : 0),
  });

  readonly compile = (source: string): CompiledPattern => {
    const known = this.#compiled.get(source);
    if (known) return known;
    const compiled = compilePattern(source);
    this.#compiled.set(source, compiled);
    return compiled;
  };
}
