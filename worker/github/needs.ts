/** What a GitHub App of this service has to have, whatever the policies grant. */

/** To read policy files. */
export const TO_READ = { contents: "read" } as const;
/** To write the check run of a commit as well. */
export const TO_CHECK = { ...TO_READ, checks: "write" } as const;
/** What a webhook is needed for. GitHub sends the installation's own events without being asked. */
export const EVENTS = ["push", "pull_request", "merge_group", "check_suite", "check_run", "repository"] as const;
