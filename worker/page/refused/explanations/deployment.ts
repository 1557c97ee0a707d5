/** Of the deployment's own limits and settings, the issuer, and the answer that stands for all that a caller may not know. */
import { AGAIN, type ReasonExplanation } from "./explanation.ts";

const DISCOVERY = "`curl <iss>/.well-known/openid-configuration` from outside of your network";

export const OF_THE_DEPLOYMENT = {
  caller_rate_limited: {
    means: "too many refused requests from your address, or for this owner",
    who: "caller",
    remedy: "mend what was refused before, and come again after the time that Retry-After tells",
    look: [
      "Look at the refusals before this one: what is granted is never counted.",
      "Many jobs that repeat the same refusal use the limit up; others behind your address share it.",
    ],
    near: ["github_rate_limited", "not_found"],
  },
  misconfigured: {
    means: "a variable of the deployment is wrong; the message names it",
    who: "operator",
    remedy: "`/readyz` says what is wrong",
    look: [
      "`curl https://<domain>/readyz`, with READY_TOKEN as bearer, says what is wrong with each variable and what to write.",
      "`npm run deploy` looks at all settings before it deploys.",
    ],
    near: ["app_credentials_rejected"],
  },
  owner_not_served: {
    means: "ALLOWED_OWNERS does not name this owner",
    who: "operator",
    remedy: "name the owner in ALLOWED_OWNERS, if it is to be served",
    look: ["Is the owner in the scope the right one, and is this the deployment that serves it?"],
    near: ["app_not_installed", "not_found"],
  },
  issuer_not_served: {
    means: "ALLOWED_ISSUERS does not name this issuer",
    who: "operator",
    remedy: "name the issuer in ALLOWED_ISSUERS, if it is to be accepted",
    look: ["The token's `iss`, to the letter: a final slash counts."],
    near: ["issuer_not_permitted", "issuer_mismatch"],
  },
  issuer_unreachable: {
    means: "the issuer does not answer, and no copy of its keys is left",
    who: "nobody",
    remedy: AGAIN,
    look: [
      `${DISCOVERY}: the service reaches what the whole internet can reach.`,
      "An issuer that stays private has its public keys in the policy, as `jwks`.",
    ],
    near: ["issuer_invalid", "signature_invalid"],
  },
  issuer_invalid: {
    means: "the issuer's discovery is wrong, or may not be fetched",
    who: "caller",
    remedy:
      "have the issuer publish its discovery and keys at the address in `iss`, or put its public keys into the policy's `jwks`",
    look: [
      `${DISCOVERY}: a 200, JSON, and in it \`issuer\` equal to the token's \`iss\` to the letter.`,
      "Its `jwks_uri` is https, and neither an IP address nor a name like `.internal`; redirects stay on the same host.",
    ],
    near: ["issuer_unreachable", "signature_invalid", "issuer_malformed"],
  },
  signature_invalid: {
    means: "no key of the issuer made this signature",
    who: "caller",
    remedy: "send the token as its issuer made it",
    look: [
      "The `kid` of the token's first part stands among the keys at the issuer's `jwks_uri`.",
      "If the issuer changed its keys, ask it for a new token. Is it the issuer that `iss` names, or a test with the same name?",
    ],
    near: ["issuer_invalid", "token_unsupported", "not_found"],
  },
  not_found: {
    means: "one answer for whatever this caller may not know",
    who: "caller",
    remedy:
      "compare the scope with the App's installation, the identity with the policy's path and the token's claims with the policy (`npm run policy -- explain`); the operator finds the reason in the log under the request id",
    look: [
      "The GitHub App is installed on the owner, and sees the repository.",
      "`.github/chainguard/<identity>.sts.yaml` is on the default branch, and the policy has no faults.",
      "The policy's `issuer` is the token's `iss` to the letter, and that issuer publishes the key that signed it.",
      "A workflow of GitHub Actions in a private repository of the owner is told more: ask from there.",
    ],
    near: ["app_not_installed", "policy_not_found", "issuer_mismatch", "signature_invalid"],
  },
} as const satisfies Readonly<Record<string, ReasonExplanation>>;
