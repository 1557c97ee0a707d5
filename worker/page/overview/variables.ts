/** Names of the configuration, and how each is set. Pure; README.md, "Configuration" says more. */

export type SettingKind = "variable" | "secret" | "binding";

export interface Variable {
  readonly setting: SettingKind;
  /** What its value has to be. */
  readonly value: string;
}

const variable = (value: string): Variable => ({ setting: "variable", value });
const secret = (value: string): Variable => ({ setting: "secret", value });
const binding = (value: string): Variable => ({ setting: "binding", value });

const FLAG = variable("true or false");

export const VARIABLES: Readonly<Record<string, Variable>> = {
  STS_DOMAIN: variable("the host name of this deployment, such as sts.example.com"),
  GITHUB_APP_ID: variable("the App's number, from its settings page"),
  GITHUB_APP_PRIVATE_KEY: secret("the App's private key, as the .pem file that GitHub made"),
  GITHUB_APP_NAME: variable("the App's name in policies: letters, digits and dashes"),
  GITHUB_APP_BOT_ID: variable("the number of the App's bot"),
  GITHUB_APPS: secret("a JSON list of Apps, in place of the one"),
  GITHUB_API_URL: variable("the REST base of your GitHub, such as https://ghes.example/api/v3"),
  GITHUB_WEBHOOK_SECRET: secret("the secret of the App's webhook"),
  ORG_POLICY_REPO: variable("the name of a repository, without its owner"),
  ALLOWED_OWNERS: variable("names of organizations and users, separated by commas"),
  ALLOWED_ISSUERS: variable("exact https URLs of issuers, separated by commas"),
  KNOWN_ISSUERS: variable("https URLs of issuers, separated by commas"),
  EXTRA_PERMISSIONS: variable("names of GitHub's permissions, separated by commas"),
  INLINE_JWKS: FLAG,
  READY_TOKEN: secret("any long text that only operators know"),
  DEBUG_TIMING: FLAG,
  REQUIRE_REPOSITORIES: FLAG,
  ORG_PERMISSIONS_IN_REPO_POLICIES: variable("none, read or any"),
  EVENT_INGRESS_URI: variable("an https URL that takes events"),
  EVENT_INGRESS_AUTHORIZATION: secret("what the sink of events wants in its Authorization header"),
  EVENT_INGRESS_MODE: variable("binary, structured or batched"),
  AUDIT_REQUIRED: variable("queue or http"),
  PRIVATE_HOSTS: variable("host names without ports, separated by commas"),
  ALLOW_LOOPBACK: FLAG,
  STS_CACHE: binding("a Workers KV namespace"),
  CALLER_RATE_LIMIT: binding("a rate limit"),
  OWNER_RATE_LIMIT: binding("a rate limit"),
  AUDIT_QUEUE: binding("a Queue"),
  AUDIT_BUCKET: binding("an R2 bucket"),
  METRICS: binding("an Analytics Engine dataset"),
  ASSETS: binding("the page's files"),
};
