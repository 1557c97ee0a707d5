// The names that a case is played with, and the fill-ins of vectors/README.md that stand for them. Pure.

/** In-process names; nothing listens at these addresses. */
const ISSUERS = "http://127.0.0.1:9901";
const OTHER_PORT = "http://127.0.0.1:9902";
const FAR = "http://127.0.0.2:9901";

export interface Names {
  readonly owner: string;
  readonly domain: string;
  /** Base of all issuers. */
  readonly isshost: string;
  /** Path of this case's issuer. */
  readonly issname: string;
  readonly issuer: string;
  /** The same issuer on another port, and on another host. */
  readonly other: string;
  readonly far: string;
  /** Origins on which the issuers answer beside isshost. */
  readonly aliases: readonly string[];
  /** What KNOWN_ISSUERS holds when the issuers are to be known. */
  readonly known: readonly string[];
  /** An address of the caller's own, so that no limit is shared between cases. */
  readonly address: string;
}

/** Every case has an owner and an issuer of its own; `id` is the case's. */
export function namesFor(id: string, domain: string): Names {
  const issname = `i-${id}`;
  let sum = 0;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return {
    owner: `o-${id}`,
    domain,
    isshost: ISSUERS,
    issname,
    issuer: `${ISSUERS}/${issname}`,
    other: `${OTHER_PORT}/${issname}`,
    far: `${FAR}/${issname}`,
    aliases: [OTHER_PORT, FAR],
    known: [`${ISSUERS}/*`, `${OTHER_PORT}/*`],
    address: `2001:db8:${(sum >>> 16).toString(16)}:${(sum & 0xffff).toString(16)}::1`,
  };
}

export type Fill = (text: string) => string;

/** Replaces the fill-ins in a text; anything else in braces stays. */
export function filler(names: Names, token = ""): Fill {
  const values = new Map<string, string>([
    ["owner", names.owner],
    ["OWNER", names.owner.toUpperCase()],
    ["issuer", names.issuer],
    ["domain", names.domain],
    ["token", token],
    ["isshost", names.isshost],
    ["issname", names.issname],
    ["isshostre", names.isshost.replaceAll(".", "\\.")],
    ["other", names.other],
    ["far", names.far],
  ]);
  return (text) =>
    text
      .replace(/\{repeat:([^:}]*):(\d+)\}/g, (_, what: string, times: string) => what.repeat(Number(times)))
      .replace(/\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole);
}

/** The fill-ins in every text of a JSON value. Object.fromEntries keeps a claim named `__proto__` a plain name. */
export function fillAll(value: unknown, fill: Fill): unknown {
  if (typeof value === "string") return fill(value);
  if (Array.isArray(value)) return value.map((one) => fillAll(one, fill));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [fill(name), fillAll(one, fill)]));
}

/** As fillAll, for an object. */
export function fillRecord(value: Readonly<Record<string, unknown>>, fill: Fill): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [fill(name), fillAll(one, fill)]));
}
