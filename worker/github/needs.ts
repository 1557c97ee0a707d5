/** What a GitHub App of this service has to have, whatever the policies grant. */

/** To read policy files. */
export const TO_READ = { contents: "read" } as const;
/** To write the check run of a commit as well. */
export const TO_CHECK = { ...TO_READ, checks: "write" } as const;
/** What a webhook is needed for. GitHub sends the installation's own events without being asked, and what a merge queue makes is pushed. */
export const EVENTS = ["push", "pull_request", "check_suite", "check_run", "repository"] as const;
/** For all of these events GitHub asks for a permission: without it, it refuses a manifest that names them. */
export const TO_HEAR = { ...TO_CHECK, metadata: "read", pull_requests: "read" } as const;
