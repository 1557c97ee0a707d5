/** Why a check could not be done, in the words of its run: what a person can do, and nothing that GitHub said. Pure. */
import type { Denial } from "../denial.ts";

export function wordsOf(denial: Denial): string {
  switch (denial.reason) {
    case "github_rate_limited":
      return `GitHub limits this App's requests for another ${denial.retryAfterSeconds} s`;
    case "github_unavailable":
    case "github_invalid_answer":
      return `GitHub did not answer as it should (${denial.problem})`;
    case "deadline_exceeded":
      return "GitHub took longer than a check may run";
    case "github_forbidden":
      return "GitHub refuses the App this access (perhaps an IP allow list, or single sign-on)";
    case "repository_not_visible":
      return "the App cannot see the repository any more";
    case "permission_not_held":
      return `the App's installation lacks ${denial.missing.join(", ") || "a permission"}`;
    default:
      return `something else went wrong (${denial.reason})`;
  }
}
