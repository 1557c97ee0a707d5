/** Text as YAML that no reader takes for anything else. Pure. */

export function quotedScalar(text: string): string {
  // A control character has no form in single quotes.
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}

export function quotedKey(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name) ? name : quotedScalar(name);
}

/** Without quotes where it needs none. */
export function plainScalar(text: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9_./@ -]*(?::[A-Za-z0-9_./@-]+)*$/.test(text) && !/ $/.test(text);
  return isPlain && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text) ? text : quotedScalar(text);
}
