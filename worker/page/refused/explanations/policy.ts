/** Of a policy that does not let the workload in, or not to that much. */
import { EXPLAIN, type ReasonExplanation } from "./explanation.ts";

export const OF_THE_POLICY = {
  issuer_mismatch: {
    means: "the policy wants another `iss`",
    who: "policy",
    remedy: EXPLAIN,
    look: [
      "Both addresses to the letter: a final slash counts.",
      "GitHub Enterprise Server, ghe.com and an enterprise with its own slug have other issuers than github.com.",
    ],
    near: ["issuer_not_permitted", "not_found"],
  },
  subject_mismatch: {
    means: "the policy wants another `sub`",
    who: "policy",
    remedy: EXPLAIN,
    look: [
      "Both values side by side: the message has the token's, and for the owner's workloads the policy's with its line.",
      "A job with an `environment` has `environment:NAME` in place of its branch; a pull request has `pull_request`.",
      "GitHub puts the ids of owner and repository into the subjects of newer repositories: `repo:acme@1234567/app@7654321:...`.",
    ],
    near: ["claim_mismatch", "subject_malformed", "issuer_mismatch"],
  },
  audience_mismatch: {
    means: "the policy wants another `aud`; by default the deployment's domain",
    who: "caller",
    remedy: "ask the issuer for a token with the audience that the policy wants",
    look: [
      "Whoever asks the issuer for the token chooses its audience: the actions by `domain`, GitLab by `aud` below `id_tokens`.",
      "Does the policy want another one, by `audience` or `audience_pattern`?",
    ],
    near: ["audience_malformed", "subject_mismatch"],
  },
  claim_mismatch: {
    means: "a claim is absent, or does not match",
    who: "policy",
    remedy: EXPLAIN,
    look: [
      "The claim that the message names: what the token has there, and the policy's line below `claim_pattern`.",
      "A pattern matches the whole value: `main` does not match `refs/heads/main`.",
      "Is there such a claim at all? Both actions print a token's claims into the job's log.",
    ],
    near: ["subject_mismatch", "token_too_long_lived"],
  },
  token_too_long_lived: {
    means: "more than the policy's `max_token_lifetime`",
    who: "caller",
    remedy: "ask the issuer for a token that lives shorter",
    look: ["`exp` less `iat` of the token, in seconds. A token without `iat` is refused as well."],
    near: ["token_expired", "claim_mismatch"],
  },
  app_not_available: {
    means: "the policy's `app` or `app_pattern` fits no App that serves the owner",
    who: "policy",
    remedy: "name an App of this deployment that is installed on the owner, or leave the key out",
    look: [
      "The names that the operator gave to the Apps (GITHUB_APPS, GITHUB_APP_NAME), or their ids.",
      "`npm run policy -- check --apps ci,releases` judges the policy by such names.",
    ],
    near: ["app_not_installed", "permission_not_held"],
  },
  narrowing_exceeds_policy: {
    means: "asked for more than the policy grants",
    who: "caller",
    remedy: "ask for no more than the policy grants",
    look: [
      "The message names what is too much. Without `permissions` and `repositories` you get all that the policy grants.",
    ],
    near: ["narrowing_invalid", "permission_not_held"],
  },
} as const satisfies Readonly<Record<string, ReasonExplanation>>;
