/** Of what the owner has at GitHub: the App, the list of issuers, the policy's file. */
import { AGAIN, type ReasonExplanation } from "./explanation.ts";

const INSTALLATION = "The organization's settings, GitHub Apps, Configure";

export const OF_THE_OWNER = {
  app_not_installed: {
    means: "the App is not installed on the owner",
    who: "owner",
    remedy: "install the GitHub App",
    look: ["The message has the link. Whoever does not own the organization can ask for it there."],
    near: ["repository_not_visible", "owner_not_served", "not_found"],
  },
  repository_not_visible: {
    means: "the App is installed, but not on this repository; or it moved, or is gone",
    who: "owner",
    remedy: "add the repository to the App's installation, or ask by its new name",
    look: [
      "The message says which of the three it is.",
      `${INSTALLATION}, Repository access: is the repository among the selected ones?`,
    ],
    near: ["app_not_installed", "repository_not_in_installation"],
  },
  installation_suspended: {
    means: "the App's installation is suspended; an owner can lift that in the settings",
    who: "owner",
    remedy: "lift the suspension",
    look: [`${INSTALLATION}, at the end of the page. Somebody suspended it on purpose: ask why.`],
    near: ["app_not_installed"],
  },
  issuer_not_permitted: {
    means: "the organization's list of issuers does not have this one",
    who: "owner",
    remedy: "add the issuer to `trusted-token-issuers.yaml` in the policy repository, if it is to be trusted",
    look: [
      "The token's `iss` and the list's `issuers`, to the letter; one of `issuer_patterns` has to match the whole of it.",
      "`mode: audit` refuses nothing, and records what would have been refused.",
    ],
    near: ["issuer_not_served", "issuer_mismatch", "allow_list_invalid"],
  },
  allow_list_invalid: {
    means: "the organization's list of issuers cannot be used",
    who: "owner",
    remedy: "mend `trusted-token-issuers.yaml` in the policy repository; `npm run policy -- check` says what is wrong",
    look: ["Everybody is refused while it cannot be used: what changed it last, and can that be reverted?"],
    near: ["issuer_not_permitted", "policy_invalid"],
  },
  allow_list_rate_limited: {
    means: "the organization's list of issuers could not be read: GitHub's rate limit",
    who: "nobody",
    remedy: AGAIN,
    look: ["What else uses this App on the organization? GitHub counts all of it together."],
    near: ["github_rate_limited", "allow_list_unavailable"],
  },
  allow_list_unavailable: {
    means: "the organization's list of issuers could not be read: GitHub fails",
    who: "nobody",
    remedy: AGAIN,
    look: ["GitHub's own status page (`https://www.githubstatus.com`)."],
    near: ["github_unavailable", "allow_list_rate_limited"],
  },
  policy_not_found: {
    means: "no such file on the default branch",
    who: "policy",
    remedy: "commit `.github/chainguard/<identity>.sts.yaml` to the default branch, or have the identity corrected",
    look: [
      "The path in the message, on the default branch: a policy of a pull request counts once it is merged.",
      "The scope `owner/repository` means that repository, the scope `owner` the policy repository (`.github`).",
      "Files named `.yaml` or `.sts.yml` are never read: `npm run policy -- check .github/chainguard` names them.",
    ],
    near: ["policy_unreadable", "identity_invalid", "not_found"],
  },
  policy_unreadable: {
    means: "the policy is a directory, not UTF-8, or larger than 64 KiB",
    who: "policy",
    remedy: "make it a plain UTF-8 file of at most 64 KiB",
    look: ["The message says which of the three it is. A submodule or a link out of the repository is no file either."],
    near: ["policy_not_found", "policy_invalid"],
  },
  policy_invalid: {
    means: "the policy has faults, which are told with line and column",
    who: "policy",
    remedy: "mend it; `npm run policy -- check` says what is wrong",
    look: [
      "The first faults are in the message; the check run `Trust Policy Validation` of the commit has all of them on their lines.",
      "The playground marks them as well, and mends some by a click.",
    ],
    near: ["policy_unreadable", "allow_list_invalid"],
  },
} as const satisfies Readonly<Record<string, ReasonExplanation>>;
