/**
 * What YAML 1.1, and so octo-sts, makes of a plain (unquoted) scalar. Pure; judges the text as typed.
 *
 * octo-sts reads numbers and booleans and writes them back as text, which changes some (`0777` becomes `511`). One reading for
 * every policy: a scalar that would change is refused, all others are the text that was typed. A plain decimal integer stays
 * whatever its length, so that a subject of 21 digits survives.
 */

const NULLS: readonly string[] = ["", "~", "null", "Null", "NULL"];
const TRUTHS: readonly string[] = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"];
const UNTRUTHS: readonly string[] = ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"];

/** True for the plain scalars that mean "not set". */
export function isNullScalar(text: string): boolean {
  return NULLS.includes(text);
}

/** Go's `strconv.FormatFloat(x, 'g', -1, 32)`: the shortest text of the 32-bit float, which is octo-sts's reading of a fraction. */
function shortestFloat32(value: number): string {
  const single = Math.fround(value);
  if (Object.is(single, -0)) return "-0";
  if (!Number.isFinite(single)) return single > 0 ? "+Inf" : "-Inf";
  for (let digits = 1; digits <= 9; digits += 1) {
    const scientific = single.toExponential(digits - 1);
    if (Math.fround(Number(scientific)) !== single) continue;
    const exponent = Number(scientific.slice(scientific.indexOf("e") + 1));
    if (exponent >= -4 && exponent < 6) return Number(scientific).toFixed(Math.max(0, digits - 1 - exponent));
    return scientific.replace(/e([-+])([0-9])$/, "e$10$2");
  }
  return String(single);
}

/** A 64-bit integer in any base that Go's `strconv.ParseInt(text, 0, 64)` or `ParseUint` takes; undefined if it takes none. */
function goInteger(text: string): bigint | undefined {
  const match = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, octal, binary, decimal] = match;
  const digits = hex ? `0x${hex}` : octal ? `0o${octal}` : binary ? `0b${binary}` : (decimal ?? "0");
  const value = sign === "-" ? -BigInt(digits) : BigInt(digits);
  const fits = sign === "" ? value < 2n ** 64n : value >= -(2n ** 63n) && value < 2n ** 63n;
  return fits ? value : undefined;
}

function underscoresSeparateDigits(text: string): boolean {
  return !/(^|[^0-9])_|_([^0-9]|$)/.test(text);
}

/** The text that octo-sts would put in the place of a plain scalar, which for most is the same. */
export function octoReading(text: string): string {
  if (TRUTHS.includes(text)) return "true";
  if (UNTRUTHS.includes(text)) return "false";
  if (/^[-+]?\.(inf|Inf|INF)$/.test(text)) return text.startsWith("-") ? "-Inf" : "+Inf";
  if (/^\.(nan|NaN|NAN)$/.test(text)) return "NaN";
  if (text.startsWith(".")) {
    const floating = /^\.[0-9_]*[0-9][0-9_]*([eE][-+]?[0-9_]+)?$/.test(text) && underscoresSeparateDigits(text);
    return floating ? floatReading(text.replaceAll("_", ""), text) : text;
  }
  if (!/^[-+0-9]/.test(text)) return text;
  const plain = text.replaceAll("_", "");
  const integer = goInteger(plain);
  if (integer !== undefined) return integer.toString();
  return /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(plain) ? floatReading(plain, text) : text;
}

function floatReading(number: string, text: string): string {
  const value = Number(number);
  // Beyond 64 bits Go reports a range error, and the scalar stays text.
  return Number.isFinite(value) ? shortestFloat32(value) : text;
}

/** What is wrong with a plain scalar and what to write instead; undefined if it means the text that was typed. */
export function plainScalarDiagnostic(
  text: string,
): { readonly message: string; readonly suggestion: string } | undefined {
  if (text === "true" || text === "false" || /^(-?[1-9][0-9]*|0)$/.test(text)) return undefined;
  const reading = octoReading(text);
  if (reading === text && reading !== "NaN") return undefined;
  const message = `unquoted ${text} is not plain text: YAML 1.1 reads it as ${reading}`;
  const quotes = `quote it: "${text}"`;
  const isTruth = reading === "true" || reading === "false";
  return { message, suggestion: isTruth ? `${quotes}, or write ${reading}` : quotes };
}
