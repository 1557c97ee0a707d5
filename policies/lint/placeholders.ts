/**
 * What templates leave for the reader to fill in. Pure.
 */

const SIGNS: readonly RegExp[] = [
  /REPLACE[_-]?(?:WITH|ME|THIS)?[A-Z_]*|CHANGE[_-]?ME|FIXME|\bTODO\b|\bX{3,}\b/,
  // A named group of a pattern, `(?P<name>`, is none.
  /(?<!\(\?P?)<[A-Za-z][^<>]*>/,
  /\{\{[^}]*\}\}|\$\{[^}]*\}/,
  /\b(?:YOUR|your|my)[-_](?:github[-_])?(?:org|organi[sz]ation|repo|repository|owner|user|username|account|domain|project|tenant|cluster|group|ORG|REPO|OWNER|USER|ACCOUNT|DOMAIN|PROJECT)\b/,
  /(?<=[:/@])(?:OWNER|ORG|ORGANI[SZ]ATION|REPO|REPOSITORY|USER|NAME|PROJECT|GROUP|TENANT)(?=[:/@]|$)/,
  // RFC 2606: nobody owns these.
  /(?<=^|[/.@])example\.(?:com|net|org)(?=[/:]|$)|(?<=[a-z0-9-])\.example(?=[/:]|$)/,
  /\b0{8}-0{4}-0{4}-0{4}-0{12}\b/,
];

/** The first placeholder of a text, if it has one. */
export function placeholderIn(text: string): string | undefined {
  const found = SIGNS.flatMap((sign) => sign.exec(text) ?? []);
  return found[0];
}
