/**
 * Keys inline in a policy: public keys that can verify a token, and nothing else. Pure; reads a shape that schema.ts has checked.
 */

import type { DiagnosticList } from "../faults.ts";
import { MAX_INLINE_KEYS } from "../limits.ts";
import type { RawInlineKey } from "../schema.ts";
import type { Locate } from "../yaml/read.ts";
import type { InlineJwk } from "./document.ts";

/** Members that hold, or belong to, a private or a shared key (RFC 7518 section 6). */
export const PRIVATE_MEMBERS: readonly string[] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "r", "t"];

const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/** Curves with the bytes of one coordinate and the algorithms that they sign with. */
const CURVES: Readonly<
  Record<string, { readonly kty: "EC" | "OKP"; readonly bytes: number; readonly algorithms: readonly string[] }>
> = {
  "P-256": { kty: "EC", bytes: 32, algorithms: ["ES256"] },
  "P-384": { kty: "EC", bytes: 48, algorithms: ["ES384"] },
  "P-521": { kty: "EC", bytes: 66, algorithms: ["ES512"] },
  Ed25519: { kty: "OKP", bytes: 32, algorithms: ["EdDSA", "Ed25519"] },
};

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** The bits of a base64url text without its leading zeros, and its last byte; undefined if it is none, or padded. */
function measure(
  text: string | null | undefined,
): { readonly bits: number; readonly bytes: number; readonly isOdd: boolean } | undefined {
  if (!text || !/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return undefined;
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const significant = raw.replace(/^\0+/, "");
  const first = significant.length === 0 ? 0 : significant.charCodeAt(0);
  const bits = significant.length === 0 ? 0 : (significant.length - 1) * 8 + (32 - Math.clz32(first));
  return { bits, bytes: raw.length, isOdd: raw.charCodeAt(raw.length - 1) % 2 === 1 };
}

interface KeyFault {
  readonly member: string;
  readonly message: string;
  readonly suggestion: string;
}

/** The keys that are fit for use, with a fault for each that is not. */
export function readInlineKeys(
  keys: readonly RawInlineKey[],
  diagnostics: DiagnosticList,
  locate: Locate,
): readonly InlineJwk[] {
  const start = locate("jwks.keys") ?? locate("jwks");
  if (keys.length === 0)
    diagnostics.add(
      "jwks.keys",
      start,
      "jwks holds no key",
      "put the issuer's public keys under `keys`, or remove jwks",
    );
  if (keys.length > MAX_INLINE_KEYS) {
    diagnostics.add("jwks.keys", start, `more than ${MAX_INLINE_KEYS} keys`, "keep the keys that sign tokens now");
  }
  return keys.slice(0, MAX_INLINE_KEYS).flatMap((key, index) => {
    const path = `jwks.keys[${index}]`;
    const fault = usageFault(key) ?? (key.kty === "RSA" ? rsaFault(key) : curveFault(key));
    if (fault === undefined) return [publicMembers(key)];
    const at = locate(`${path}.${fault.member}`) ?? locate(path);
    diagnostics.add(`${path}.${fault.member}`, at, fault.message, fault.suggestion);
    return [];
  });
}

function usageFault({ use, key_ops: operations }: RawInlineKey): KeyFault | undefined {
  if (use && use !== "sig" && use !== "jwt-svid") {
    return { member: "use", message: `the key is for "${use}", not for signing tokens`, suggestion: "remove this key" };
  }
  if (operations && !operations.includes("verify")) {
    return { member: "key_ops", message: "the key is not for verifying", suggestion: "remove this key, or key_ops" };
  }
  return undefined;
}

function algorithmFault(alg: string | null | undefined, fitting: readonly string[]): KeyFault | undefined {
  if (!alg || fitting.includes(alg)) return undefined;
  return {
    member: "alg",
    message: `"${alg}" does not fit the key`,
    suggestion: `remove alg, or write one of ${fitting.join(", ")}`,
  };
}

function rsaFault({ n, e, alg }: RawInlineKey): KeyFault | undefined {
  const bits = measure(n)?.bits ?? 0;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    const message = `n must be an RSA modulus of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits in base64url`;
    return { member: "n", message, suggestion: "copy the key from the issuer's key set" };
  }
  const exponent = measure(e);
  if (exponent === undefined || exponent.bits < 2 || exponent.bits > 32 || !exponent.isOdd) {
    return {
      member: "e",
      message: "e must be an odd RSA exponent from 3 on in base64url",
      suggestion: "it is AQAB in nearly all keys",
    };
  }
  return algorithmFault(alg, RSA_ALGORITHMS);
}

function curveFault({ kty, crv, x, y, alg }: RawInlineKey): KeyFault | undefined {
  if (kty !== "EC" && kty !== "OKP") {
    return {
      member: "kty",
      message: "kty must be RSA, EC or OKP",
      suggestion: "copy the key from the issuer's key set",
    };
  }
  const curve = crv && Object.hasOwn(CURVES, crv) ? CURVES[crv] : undefined;
  if (curve === undefined || curve.kty !== kty) {
    const names = Object.keys(CURVES).filter((name) => CURVES[name]?.kty === kty);
    return {
      member: "crv",
      message: `crv of a key of type ${kty} must be ${names.join(", ")}`,
      suggestion: "use a key of this kind",
    };
  }
  for (const [member, value] of kty === "EC"
    ? ([
        ["x", x],
        ["y", y],
      ] as const)
    : ([["x", x]] as const)) {
    if (measure(value)?.bytes !== curve.bytes) {
      return {
        member,
        message: `${member} must be ${curve.bytes} bytes in base64url`,
        suggestion: "copy the key from the issuer's key set",
      };
    }
  }
  return algorithmFault(alg, curve.algorithms);
}

/** `use` and certificates are left out: they have been judged, or say nothing that verification needs. */
function publicMembers(key: RawInlineKey): InlineJwk {
  const kty = key.kty === "RSA" || key.kty === "OKP" ? key.kty : "EC";
  const wanted =
    kty === "RSA" ? (["n", "e"] as const) : kty === "EC" ? (["crv", "x", "y"] as const) : (["crv", "x"] as const);
  const members = (["kid", "alg", ...wanted] as const).flatMap((name) => {
    const value = key[name];
    return value ? [[name, value] as const] : [];
  });
  return { kty, ...Object.fromEntries(members) };
}
