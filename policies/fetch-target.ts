/**
 * Which addresses may be fetched at all. Pure. Everything here judges text that strangers chose, by what would be
 * fetched and not by what it looks like.
 */

export interface FetchRules {
  /** ALLOW_LOOPBACK: http, and loopback addresses, for development and tests. */
  readonly allowLoopback: boolean;
  /** The deployment's own host name, which is never an issuer. */
  readonly stsDomain: string;
  /** PRIVATE_HOSTS: host names and addresses of a private network that a server of one's own may ask; lower case, no port. */
  readonly privateHosts?: readonly string[];
}

/** The address to fetch, or undefined where nothing may be fetched. Judge each redirect again, with its absolute URL. */
export function fetchTarget(text: string, rules: FetchRules): URL | undefined {
  const url = parseUrl(text);
  if (!url) return undefined;
  // A final dot names the same host (RFC 3986 section 3.2.2) and would slip past every comparison by name.
  const host = url.hostname.endsWith(".") ? url.hostname.slice(0, -1) : url.hostname;
  if (host === "" || host.endsWith(".") || host === hostOf(rules.stsDomain)) return undefined;
  if (rules.allowLoopback && isLoopback(host)) return isHttp(url) ? url : undefined;
  if (url.protocol !== "https:") return undefined;
  const isNamed = rules.privateHosts?.includes(host) ?? false;
  return isNamed || !(isAddress(host) || isPrivateName(host)) ? url : undefined;
}

/** The URL parser lower-cases, decodes and maps host names, and turns every spelling of an IPv4 address into four numbers. */
function parseUrl(text: string): URL | undefined {
  // It would also drop tabs and line ends and trim spaces: what it fetches must be what was judged.
  if (!/^https?:\/\/[!-~]+$/i.test(text) || text.includes("\\")) return undefined;
  const url = urlOf(text);
  if (url === undefined || url.username !== "" || url.password !== "") return undefined;
  url.hash = "";
  return url;
}

const isHttp = (url: URL): boolean => url.protocol === "https:" || url.protocol === "http:";

/** Of a URL's host name as the parser writes it. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** IPv6 in brackets, or any name whose last label is a number: an IPv4 address, or what some resolver takes for one. */
const isAddress = (host: string): boolean => host.startsWith("[") || /(^|\.)(\d+|0x[0-9a-f]*)$/.test(host);

/**
 * Names that mean something only within a network: RFC 6761, RFC 6762, the reserved `internal`, the `svc` of Kubernetes
 * (`kubernetes.default.svc` is the issuer of many clusters), and names without a dot.
 */
const isPrivateName = (host: string): boolean =>
  /(^|\.)(local|internal|localhost|svc)$/.test(host) || !host.includes(".");

function hostOf(domain: string): string {
  return (urlOf(`https://${domain}`)?.hostname ?? domain.toLowerCase()).replace(/\.$/, "");
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
