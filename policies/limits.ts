/**
 * Every bound of the policy language, its unit in its name. Constants only.
 *
 * What must pass is given by octo-sts's own files: patterns up to 147 bytes and 1,002 instructions were seen. What must not is
 * a file that costs a Worker its CPU budget.
 */

export const MAX_FILE_BYTES = 65_536;
/** Of YAML, and of JSON in tokens and requests; real ones nest three levels deep. */
export const MAX_NESTING_DEPTH = 32;
/** Of YAML, white space and comments included: a file of 64 KiB may be nothing but commas, and each costs more than its byte. */
export const MAX_TOKENS = 8_192;
/** Without white space and comments. */
export const MAX_SIGNIFICANT_TOKENS = 4_096;
export const MAX_ALIASES = 64;
/** Values of a file with every alias and merge written out. */
export const MAX_EXPANDED_VALUES = 4_096;
export const MAX_PATTERN_BYTES = 1_024;
/** Instructions of one compiled pattern. */
export const MAX_PATTERN_INSTRUCTIONS = 2_048;
/** Instructions of all patterns of one file together. */
export const MAX_FILE_INSTRUCTIONS = 8_192;
/** What all patterns of one file may cost to compile, in the cost of a byte of plain text, which is under a microsecond. */
export const MAX_FILE_PATTERN_COST_BYTES = 12_288;
/** Steps of the automata that one token is put to: a few milliseconds. */
export const MAX_MATCH_STEPS = 524_288;
/** GitHub has some 90. */
export const MAX_PERMISSIONS = 128;
export const MAX_CLAIM_PATTERNS = 64;
/** GitHub takes at most 500 names in one request for a token. */
export const MAX_REPOSITORIES = 500;
/** Of a token's `sub`, in code points. */
export const MAX_SUBJECT_CHARACTERS = 1_024;
/** Of a policy's path below its directory, without the suffix. */
export const MAX_IDENTITY_CHARACTERS = 200;
export const MAX_INLINE_KEYS = 64;
/** Of a key's modulus, wherever the key comes from. */
export const RSA_MIN_BITS = 2_048;
export const RSA_MAX_BITS = 8_192;
/** Errors shown of one file; more would only bury the first. */
export const MAX_DIAGNOSTICS = 100;
/** Of their messages, suggestions and paths together. */
export const MAX_DIAGNOSTICS_CHARACTERS = 16_384;

/** The allow-list's bounds are octo-sts's. */
export const MAX_TRUSTED_ISSUERS = 64;
export const MAX_TRUSTED_ISSUER_PATTERNS = 16;
export const MAX_TRUSTED_ISSUER_PATTERN_BYTES = 256;

const UTF8 = new TextEncoder();

/** In UTF-8, where each unit of a text is at most three bytes. */
export function isLongerThan(maxBytes: number, text: string): boolean {
  return text.length > maxBytes || (3 * text.length > maxBytes && UTF8.encode(text).length > maxBytes);
}
