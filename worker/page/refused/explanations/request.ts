/** Of the request alone, before anything is asked of anybody. */
import type { ReasonExplanation } from "./explanation.ts";

export const OF_THE_REQUEST = {
  invalid_request: {
    means: "the parameters cannot be read; 415 for a body of another type than form or JSON",
    who: "caller",
    remedy: "correct what the message names",
    look: [
      "The message names the parameter, or says what is wrong with the body.",
      "A POST says in `Content-Type` what its body is: a form or JSON, and it has to be that.",
      "Values are escaped: let `curl -G --data-urlencode` do it. No parameter stands twice with different values.",
    ],
    near: ["request_too_large", "narrowing_invalid"],
  },
  request_too_large: {
    means: "a body over 64 KiB, or a query over 8 KiB",
    who: "caller",
    remedy: "send less",
    look: ["An exchange needs `scope`, `identity` and one header. Was a file or a log sent in place of a value?"],
    near: ["invalid_request", "token_malformed"],
  },
  scope_missing: {
    means: "no `scope`",
    who: "caller",
    remedy: "name the owner or `owner/repository` that the token is for",
    look: [
      "Is the expression or variable empty that should give it? Print it.",
      "At `/oauth2/token` it is called `resource` or `audience`; `scope` is the identity there.",
    ],
    near: ["scope_invalid", "identity_missing"],
  },
  identity_missing: {
    means: "no `identity`",
    who: "caller",
    remedy: "name the trust policy: its file name without `.sts.yaml`",
    look: [
      "Is the expression or variable empty that should give it? Print it.",
      "At `/oauth2/token` the identity is the parameter `scope`.",
    ],
    near: ["identity_invalid", "scope_missing"],
  },
  scope_multiple: {
    means: "two different scopes",
    who: "caller",
    remedy: "ask once for each scope",
    look: [
      "`scope` and `scopes` are put together: what is the same counts once, what differs is refused.",
      "One token for several repositories comes of an organization's policy: ask for the scope `owner`, and let that policy list them.",
    ],
    near: ["scope_invalid", "scope_missing"],
  },
  scope_invalid: {
    means: "not `owner`, `owner/repository` or the repository's URL",
    who: "caller",
    remedy: "write `owner` or `owner/repository`",
    look: [
      "There is no path behind the repository, and no space or line end around the value.",
      "A URL begins with `https://` and the web host of this deployment's GitHub: `git@github.com:...` is none.",
    ],
    near: ["scope_missing", "scope_multiple", "identity_invalid"],
  },
  identity_invalid: {
    means: "characters that no file name of a policy has",
    who: "caller",
    remedy: "name the trust policy: its file name without `.sts.yaml`",
    look: [
      "Letters, digits, `.`, `_` and `-`, in parts between `/`, at most 200 characters; no part is empty, `.` or `..`.",
      "The folder `.github/chainguard/` is no part of it.",
    ],
    near: ["identity_missing", "policy_not_found"],
  },
  narrowing_invalid: {
    means: "`permissions` or `repositories` that mean nothing",
    who: "caller",
    remedy: "write `permissions=contents:read,issues:write` and `repositories=one,two`, or leave them out",
    look: [
      "Names of permissions have underscores (`pull_requests`), and each has its level behind a colon.",
      "An empty list never means all: leave the parameter out.",
    ],
    near: ["narrowing_exceeds_policy", "invalid_request"],
  },
  authorization_missing: {
    means: "not exactly one `Authorization: Bearer`",
    who: "caller",
    remedy:
      "send the OIDC token once, as `Authorization: Bearer ...`; a job of GitHub Actions gets one with `id-token: write`",
    look: [
      "Is the variable with the token empty? In GitHub Actions the job needs `permissions: id-token: write`; a pull request from a fork never gets a token.",
      "Does a proxy or a `.netrc` add a header of its own?",
    ],
    near: ["token_malformed"],
  },
} as const satisfies Readonly<Record<string, ReasonExplanation>>;
