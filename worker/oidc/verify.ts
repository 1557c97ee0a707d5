/**
 * From an unverified token to verified claims: the only caller of `claimsOfVerifiedToken`. Which issuers may be asked at
 * this point of an exchange is the caller's decision; what may be fetched is judged below it.
 */
import { ALGORITHMS } from "../../policies/algorithms.ts";
import { claimsOfVerifiedToken, type VerifiedClaims } from "../../policies/claims.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { ISSUER_REFETCHES_FOR_KNOWN_KEY_MAX, ISSUER_REFETCHES_MAX, JWKS_MAX_KEYS } from "../limits.ts";
import { type DatedFailure, IssuerKeySource, type IssuerKeys, type KeysDeps, type LoadOptions } from "./issuer-keys.ts";
import { keysFor, usableKeys } from "./jwk.ts";
import { hasImpossibleSignatureLength, SignatureChecker, type SignatureOutcome } from "./signature.ts";
import { checkTimes, type UnverifiedToken } from "./token.ts";

export interface VerifiedToken {
  readonly claims: VerifiedClaims;
  readonly token: UnverifiedToken;
  /** `policy`: by keys that the policy's author wrote down, who may then claim anything in the issuer's name. */
  readonly provenBy: "issuer" | "policy";
}

export interface VerifyOptions extends LoadOptions {
  /** Whether the issuer is a known one: it decides what a refused caller may learn, never the outcome. */
  readonly known: boolean;
}

/** One per isolate; keeps imported keys, and what is known of issuers. */
export class Verifier {
  readonly #now: () => number;
  readonly #issuerKeys: IssuerKeySource;
  readonly #signatures = new SignatureChecker();

  constructor(deps: KeysDeps) {
    this.#now = deps.now;
    this.#issuerKeys = new IssuerKeySource(deps);
  }

  /**
   * Whether verifying this token would contact no issuer: fresh keys (or a fresh failure) are at hand, and its key is
   * among them or may not be asked for now. A signature that does not match may still cost a refetch.
   */
  async needsNoFetch(token: UnverifiedToken, cached?: LoadOptions["cached"]): Promise<boolean> {
    if (hasImpossibleSignatureLength(token)) return true;
    const keys = await this.#issuerKeys.cached(token.issuer, cached);
    if (!keys) return this.#issuerKeys.isNegativelyCached(token.issuer);
    return fits(keys, token) || this.#issuerKeys.isInCooldown(token.issuer);
  }

  /** By the keys that the issuer publishes. Refuses with the times, `issuer_unreachable`, `issuer_invalid`, `signature_invalid`. */
  async verify(token: UnverifiedToken, options: VerifyOptions): Promise<Result<VerifiedToken>> {
    const { known } = options;
    if (hasImpossibleSignatureLength(token)) return signatureInvalid(known, IMPOSSIBLE_LENGTH);
    const loaded = await this.#issuerKeys.load(token.issuer, options);
    if (loaded.kind === "failure") return refuse(failureDenial(loaded.failure, known));
    let outcome = await this.#check(token, loaded.keys);
    if (!outcome.ok && loaded.from !== "issuer") {
      // The issuer may have changed its keys, or what is behind a key id (or behind none), since they were cached.
      const unknown = isKeyUnknown(token, loaded.keys);
      const max = unknown ? ISSUER_REFETCHES_MAX : ISSUER_REFETCHES_FOR_KNOWN_KEY_MAX;
      const newer = loaded.from === "stale" ? loaded : await this.#issuerKeys.refetch(token.issuer, max, options);
      if (!("failure" in newer)) outcome = await this.#check(token, newer.keys);
      // Nobody can say that the signature is wrong while the key is unknown, and whoever is told 401 does not try again.
      else if (unknown && newer.failure.reason === "issuer_unreachable") {
        return refuse(failureDenial(newer.failure, known));
      }
    }
    return conclude(token, outcome, { known, nowMs: this.#now(), provenBy: "issuer" });
  }

  /**
   * By the keys of a policy and no others; nothing is fetched. Imported keys are remembered by their content, so policies need
   * not be told apart.
   */
  async verifyInline(
    token: UnverifiedToken,
    jwks: { readonly keys: readonly unknown[] },
  ): Promise<Result<VerifiedToken>> {
    if (hasImpossibleSignatureLength(token)) return signatureInvalid(false, IMPOSSIBLE_LENGTH);
    const outcome = await this.#signatures.check(token, usableKeys(jwks.keys.slice(0, JWKS_MAX_KEYS)));
    return conclude(token, outcome, { known: false, nowMs: this.#now(), provenBy: "policy" });
  }

  async #check(token: UnverifiedToken, keys: IssuerKeys): Promise<CheckOutcome> {
    return allows(keys, token) ? this.#signatures.check(token, keys.jwks) : NOT_ADVERTISED;
  }
}

function failureDenial({ reason, problem, retryAfterSeconds, inCooldown }: DatedFailure, known: boolean): Denial {
  if (reason !== "issuer_unreachable") return { reason, known, problem };
  return { reason, known, problem, retryAfterSeconds, ...(inCooldown && { inCooldown }) };
}

/** A key id that is not published may be new; without one, so may any key. */
const isKeyUnknown = ({ header }: UnverifiedToken, { jwks }: IssuerKeys): boolean =>
  header.kid === undefined || !jwks.some(({ kid }) => kid === header.kid);

type CheckOutcome = SignatureOutcome | { readonly ok: false; readonly problem: string };

const IMPOSSIBLE_LENGTH = "signature has a length that its algorithm never has";
const NOT_ADVERTISED: CheckOutcome = { ok: false, problem: "the issuer does not sign with this algorithm" };

const allows = (keys: IssuerKeys, token: UnverifiedToken): boolean =>
  keys.algorithms.some((name) => ALGORITHMS.get(name) === ALGORITHMS.get(token.header.alg));

function fits(keys: IssuerKeys, token: UnverifiedToken): boolean {
  const algorithm = ALGORITHMS.get(token.header.alg);
  return algorithm !== undefined && allows(keys, token) && keysFor(keys.jwks, algorithm, token.header.kid).length > 0;
}

const signatureInvalid = (known: boolean, problem: string): { readonly ok: false; readonly denial: Denial } =>
  refuse({ reason: "signature_invalid", known, problem });

function conclude(
  token: UnverifiedToken,
  outcome: CheckOutcome,
  {
    known,
    nowMs,
    provenBy,
  }: { readonly known: boolean; readonly nowMs: number; readonly provenBy: VerifiedToken["provenBy"] },
): Result<VerifiedToken> {
  if (!outcome.ok) return signatureInvalid(known, outcome.problem);
  const payload = token.payload.of(outcome.payload);
  if (payload?.iss !== token.issuer) return signatureInvalid(known, "token is of another issuer");
  // Fetching keys may have taken as long as the token had to live.
  const untimely = checkTimes(token, nowMs);
  if (untimely) return refuse(untimely);
  return accept({ claims: claimsOfVerifiedToken(payload), token, provenBy });
}
