/** Who calls, on a server of one's own: limits hang on it, so that nobody but a trusted proxy may say whom it speaks for. */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [address: Address, prefixLength: number];

export type Proxies =
  | { readonly ok: true; readonly value: readonly Network[] }
  | { readonly ok: false; readonly problem: string };

/** Addresses and networks (CIDR, RFC 4632), separated by commas or white space. */
export function parseProxies(text: string): Proxies {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== "");
  const networks = entries.map(networkOf);
  if (networks.every((network) => network !== undefined)) return { ok: true, value: networks };
  return { ok: false, problem: "must be IP addresses or networks (10.0.0.0/8), separated by commas or spaces" };
}

function networkOf(entry: string): Network | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  if (!isAddress(entry)) return undefined;
  const address = ipaddr.process(entry);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** The library takes one number for an IPv4 address as well. */
const isAddress = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);

/** The peer, or whom the trusted proxies name: the last in `X-Forwarded-For` that is none of them. "" where that is no address. */
export function addressOfCaller(request: Request, proxies: readonly Network[]): string {
  const forwarded = (request.headers.get("X-Forwarded-For") ?? "").split(",").map((entry) => entry.trim());
  let caller = withoutPort(peerOf(request));
  while (isTrusted(caller, proxies)) {
    const named = forwarded.pop();
    if (named === undefined || named === "") break;
    caller = withoutPort(named);
  }
  return isAddress(caller) ? ipaddr.process(caller).toString() : "";
}

/** As workerd writes it: `127.0.0.1:52586`, `[::1]:52586`. */
function peerOf(request: Request): string {
  const clientIp: unknown = request.cf?.clientIp;
  return typeof clientIp === "string" ? clientIp : "";
}

const withoutPort = (text: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;

function isTrusted(text: string, proxies: readonly Network[]): boolean {
  if (!isAddress(text)) return false;
  const address = ipaddr.process(text);
  return proxies.some(([network, length]) => network.kind() === address.kind() && address.match([network, length]));
}
