// One emulated issuer: its keys, what it publishes of them, its discovery document, and the tokens it signs. No I/O
// but Web Crypto; the clock is passed in.

import { type KeyKind, type KeyMaterial, keyInSlot, type PublicJwk } from "../core/keys.ts";
import { defaultAlg, keyKindFor, signDraft } from "./sign.ts";

export interface IssuerSettings {
  /** What discovery advertises. */
  algs?: readonly string[];
  /** The kinds of keys it has; default rsa, ec, ec384, ed. */
  keys?: readonly KeyKind[];
  /** Another issuer in the discovery document. */
  disc_iss?: string;
  jwks_uri?: string;
  /** The published keys say no kid, no alg. */
  no_kid?: boolean;
  no_alg?: boolean;
  /** Kinds of keys that sign but are not published. */
  hide?: readonly string[];
  /** So many keys of others in front of the own. */
  extra_keys?: number;
  /** More members of the discovery document. */
  discovery?: Readonly<Record<string, unknown>>;
}

export interface SignOptions {
  readonly alg?: string;
  readonly key?: KeyKind;
  /** Signs with another issuer's key, and names that key's kid. */
  readonly signer?: Issuer;
  /** "" leaves it out. */
  readonly kid?: string;
  /** Seconds from now. */
  readonly exp?: number;
  readonly iat?: number;
  readonly nbf?: number;
  /** Over the usual header; null removes. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly tamper?: string;
}

export interface Issuer {
  readonly name: string;
  /** The issuer identifier, as in `iss`. */
  readonly url: string;
  readonly settings: IssuerSettings;
  /** A new key of this kind signs from now on; the old one stays published unless `drop`. */
  rotate(kind: KeyKind, options?: { drop?: boolean; publish?: boolean }): void;
  hide(kind: KeyKind): void;
  publish(kind: KeyKind): void;
  current(kind: KeyKind): Promise<{ kid: string; material: KeyMaterial }>;
  discovery(): Record<string, unknown>;
  jwks(): Promise<{ keys: PublicJwk[] }>;
  /** A token over the claims; `iss`, `iat` and `exp` are filled in, and a claim of null is left out. */
  sign(claims: Readonly<Record<string, unknown>>, options?: SignOptions): Promise<string>;
}

interface OwnKey {
  readonly kind: KeyKind;
  readonly kid: string;
  readonly slot: number;
  published: boolean;
}

const ALGS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const KINDS: readonly KeyKind[] = ["rsa", "ec", "ec384", "ed"];
const LIFETIME_S = 600;

/** Later members win; null removes. Object.fromEntries keeps `__proto__` a plain name. */
function over(...layers: Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const merged = new Map<string, unknown>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      if (value === null) merged.delete(name);
      else if (value !== undefined) merged.set(name, value);
    }
  }
  return Object.fromEntries(merged);
}

export interface IssuerParts {
  readonly name: string;
  readonly url: string;
  readonly now: () => number;
  readonly settings: IssuerSettings;
  /** A slot no other key of this kind has in this world. */
  readonly nextSlot: () => number;
}

function times(nowMs: number, options: SignOptions): Record<string, unknown> {
  const nowS = Math.floor(nowMs / 1000);
  return {
    iat: nowS + (options.iat ?? 0),
    exp: nowS + (options.exp ?? LIFETIME_S),
    ...(options.nbf === undefined ? {} : { nbf: nowS + options.nbf }),
  };
}

export function createIssuer(parts: IssuerParts): Issuer {
  const { name, url, settings } = parts;
  const keys: OwnKey[] = [];
  function addKey(kind: KeyKind, published: boolean): void {
    const nth = keys.filter((key) => key.kind === kind).length + 1;
    keys.push({ kind, kid: `${name}-${kind}-${nth}`, slot: parts.nextSlot(), published });
  }
  for (const kind of settings.keys ?? KINDS) addKey(kind, !settings.hide?.includes(kind));

  function latest(kind: KeyKind): OwnKey {
    const key = keys.findLast((one) => one.kind === kind);
    if (key !== undefined) return key;
    addKey(kind, true);
    return latest(kind);
  }
  async function current(kind: KeyKind): Promise<{ kid: string; material: KeyMaterial }> {
    const key = latest(kind);
    return { kid: key.kid, material: await keyInSlot(kind, key.slot) };
  }
  async function published(key: OwnKey): Promise<PublicJwk> {
    const { publicJwk } = await keyInSlot(key.kind, key.slot);
    return {
      ...publicJwk,
      use: "sig",
      ...(settings.no_kid === true ? {} : { kid: key.kid }),
      ...(settings.no_alg === true ? {} : { alg: defaultAlg(key.kind) }),
    };
  }
  async function strangers(): Promise<PublicJwk[]> {
    if (settings.extra_keys === undefined) return [];
    const { publicJwk } = await keyInSlot("ec", 900);
    const nth = (_: unknown, i: number): PublicJwk => ({ ...publicJwk, use: "sig", alg: "ES256", kid: `other-${i}` });
    return Array.from({ length: settings.extra_keys }, nth);
  }

  return {
    name,
    url,
    settings,
    current,
    rotate(kind, options = {}) {
      if (options.drop === true) for (const key of keys) if (key.kind === kind) key.published = false;
      addKey(kind, options.publish ?? true);
    },
    hide(kind) {
      latest(kind).published = false;
    },
    publish(kind) {
      latest(kind).published = true;
    },
    discovery: () => ({
      issuer: settings.disc_iss ?? url,
      jwks_uri: settings.jwks_uri ?? `${url}/jwks`,
      authorization_endpoint: `${url}/authorize`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: settings.algs ?? ALGS,
      claims_supported: ["sub", "aud", "exp", "iat", "iss"],
      ...settings.discovery,
    }),
    async jwks() {
      const own = await Promise.all(keys.filter((key) => key.published).map(published));
      return { keys: [...(await strangers()), ...own] };
    },
    async sign(claims, options = {}) {
      const kind = options.key ?? keyKindFor(options.alg ?? "RS256");
      const alg = options.alg ?? defaultAlg(kind);
      const { kid, material } = await (options.signer?.current ?? current)(kind);
      const named = options.kid ?? kid;
      const usual = { alg, typ: "JWT", ...(named === "" ? {} : { kid: named }) };
      const draft = {
        header: over(usual, options.header ?? {}),
        claims: over({ iss: url }, times(parts.now(), options), claims),
        payload: null,
        key: material,
        alg,
      };
      return signDraft(draft, options.tamper);
    },
  };
}
