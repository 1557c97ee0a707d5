/** Of the token's form and times, before it is verified. */
import type { ReasonExplanation } from "./explanation.ts";

const CLOCK = [
  "The message has this server's time: compare it with the clock of the machine that makes the tokens.",
  "A token that was made a moment ago and is refused so comes of a clock that nobody sets (NTP).",
] as const;

export const OF_THE_TOKEN = {
  token_malformed: {
    means: "not a JWT, or one with members of the wrong type",
    who: "caller",
    remedy: "send the issuer's OIDC token as it was issued; an access token or a secret is none",
    look: [
      "An OIDC token is three parts between dots and begins with `eyJ`. What begins with `ghs_`, `ghp_` or `glpat-` is an access token.",
      "Are there quotes around it, or is it cut? The message says what is wrong.",
    ],
    near: ["authorization_missing", "token_unsupported"],
  },
  issuer_malformed: {
    means: "`iss` is not an https URL",
    who: "caller",
    remedy: "use the token of an OIDC issuer",
    look: ["Decode the token's middle part: `iss` is `https://`, a host and a path, without query or fragment."],
    near: ["token_malformed", "issuer_not_served", "issuer_invalid"],
  },
  subject_malformed: {
    means: "`sub` has characters that are not allowed",
    who: "caller",
    remedy: "change what the issuer puts into `sub`; the message names the character",
    look: [
      "The character and its place are in the message: a space at an end, a control character, one that cannot be seen.",
      "In GitHub Actions names of environments and branches stand in `sub`: rename the one that has it.",
    ],
    near: ["subject_mismatch", "audience_malformed"],
  },
  audience_malformed: {
    means: "`aud` has characters that are not allowed",
    who: "caller",
    remedy: "ask the issuer for a plain audience: this deployment's domain by default",
    look: [
      "Whoever asks the issuer for the token chooses its audience. The message names the character and its place.",
    ],
    near: ["audience_mismatch", "subject_malformed"],
  },
  token_unsupported: {
    means: "an algorithm that is not accepted (none, HS256, ...), `crit`, or an encrypted token",
    who: "caller",
    remedy: "use a token that its issuer signed with RS, PS or ES (256, 384, 512) or EdDSA",
    look: [
      "Decode the token's first part: `alg` says how it is signed.",
      "HS256 is signed with a secret that only its issuer could check: such a token is meant for nobody else.",
    ],
    near: ["signature_invalid", "token_malformed"],
  },
  token_expired: {
    means: "`exp` is over; by how many seconds is said",
    who: "caller",
    remedy: "ask the issuer for a token right before the exchange",
    look: [
      "A token that is asked for at the start of a job is old at its end: these live for minutes.",
      "The message has this server's time. If the token is new, the issuer's clock is late.",
    ],
    near: ["token_not_yet_valid", "token_too_long_lived"],
  },
  token_not_yet_valid: {
    means: "`nbf` is more than 5 minutes ahead",
    who: "caller",
    remedy: "have the issuer's clock set",
    look: [...CLOCK],
    near: ["token_from_the_future", "token_expired"],
  },
  token_from_the_future: {
    means: "`iat` is more than 5 minutes ahead",
    who: "caller",
    remedy: "have the issuer's clock set",
    look: [...CLOCK],
    near: ["token_not_yet_valid", "token_expired"],
  },
} as const satisfies Readonly<Record<string, ReasonExplanation>>;
