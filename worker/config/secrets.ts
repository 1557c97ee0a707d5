/** The variables of README.md, "Configuration", that nobody but the service may read. */
export const SECRETS: readonly string[] = [
  "GITHUB_APP_PRIVATE_KEY",
  "GITHUB_APPS",
  "GITHUB_WEBHOOK_SECRET",
  "READY_TOKEN",
  "EVENT_INGRESS_AUTHORIZATION",
];
