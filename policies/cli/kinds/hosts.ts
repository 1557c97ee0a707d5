/**
 * What runs elsewhere than in a pipeline: clouds, clusters, machines. Data only.
 */

import { OF_EVERY_TOKEN, REQUEST, type WorkloadKind } from "./kind.ts";

export const GOOGLE: WorkloadKind = {
  name: "google",
  about: "a Google Cloud service account",
  issuer: /^(?:https:\/\/)?accounts\.google\.com$/,
  fields: {
    unique_id: "gcloud iam service-accounts describe EMAIL --format='value(uniqueId)'",
  },
  claims: { iss: "https://accounts.google.com", sub: "{unique_id}" },
  pins: [],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ask: ["OIDC_TOKEN=$(gcloud auth print-identity-token --audiences={audience})", REQUEST],
};

export const AWS: WorkloadKind = {
  name: "aws",
  about: "an IAM role, by web identity tokens of AWS STS",
  issuer: /^https:\/\/[0-9a-f-]+\.tokens\.sts\.global\.api\.aws$/,
  fields: {
    issuer: "the account's own: aws iam get-outbound-web-identity-federation-info",
    role_arn: "as `arn:aws:iam::123456789012:role/NAME`",
  },
  claims: { iss: "{issuer}", sub: "{role_arn}" },
  pins: ["https://sts.amazonaws.com/org_id", "https://sts.amazonaws.com/aws_account"],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ask: [
    "OIDC_TOKEN=$(aws sts get-web-identity-token --audience {audience} --signing-algorithm RS256 --query WebIdentityToken --output text)",
    REQUEST,
  ],
};

export const AZURE: WorkloadKind = {
  name: "azure",
  about: "a managed identity of Azure",
  issuer: /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\//,
  fields: {
    tenant_id: "the directory's UUID",
    object_id: "the identity's object (principal) id",
    audience: "the id of the application that stands for the deployment in your tenant",
  },
  claims: {
    iss: "https://login.microsoftonline.com/{tenant_id}/v2.0",
    sub: "{object_id}",
    aud: "{audience}",
  },
  pins: [],
  volatileParts: [],
  volatileClaims: [...OF_EVERY_TOKEN, "aio", "rh", "uti"],
  fixedAudience: true,
  ask: ["# an access token of the instance metadata service for your application, as OIDC_TOKEN", REQUEST],
};

export const KUBERNETES: WorkloadKind = {
  name: "kubernetes",
  about: "a pod's service account",
  issuer: /^https:\/\//,
  subjectPrefix: "system:serviceaccount:",
  fields: {
    issuer: "kubectl get --raw /.well-known/openid-configuration",
    namespace: "the pod's namespace",
    account: "its service account",
  },
  claims: { iss: "{issuer}", sub: "system:serviceaccount:{namespace}:{account}" },
  pins: ["kubernetes.io/serviceaccount/uid"],
  volatileParts: [],
  volatileClaims: [
    ...OF_EVERY_TOKEN,
    "kubernetes.io/pod/name",
    "kubernetes.io/pod/uid",
    "kubernetes.io/node/name",
    "kubernetes.io/node/uid",
    "kubernetes.io/warnafter",
  ],
  ask: [
    "# in the pod: a projected volume with serviceAccountToken: { path: token, audience: {audience} }",
    "OIDC_TOKEN=$(cat /var/run/secrets/sts/token)",
    REQUEST,
  ],
};

/** https://fly.io/docs/security/openid-connect/ */
export const FLY: WorkloadKind = {
  name: "fly",
  about: "a machine of Fly.io",
  issuer: /^https:\/\/oidc\.fly\.io\//,
  fields: {
    organization: "the organization's slug",
    organization_id: "its number, `org_id` of a token: fly machine exec ID 'cat /.fly/api'",
    app: "the app's name",
    app_id: "its number, `app_id` of a token",
  },
  claims: {
    iss: "https://oidc.fly.io/{organization}",
    sub: "{organization}:{app}:any-machine",
    org_id: "{organization_id}",
    app_id: "{app_id}",
  },
  pins: ["org_id", "app_id"],
  volatileParts: [{ found: /(?<=^[^:]+:[^:]+:)[a-z0-9-]+$/g, pattern: "[a-z0-9-]+" }],
  volatileClaims: [...OF_EVERY_TOKEN, "machine_id", "machine_name", "machine_version", "image", "image_digest"],
  ask: [
    `OIDC_TOKEN=$(curl --unix-socket /.fly/api -X POST http://localhost/v1/tokens/oidc -d '{"aud": "{audience}"}')`,
    REQUEST,
  ],
};

export const OTHER: WorkloadKind = {
  name: "other",
  about: "any other issuer",
  issuer: /^/,
  fields: { issuer: "the token's iss", subject: "the token's sub" },
  claims: { iss: "{issuer}", sub: "{subject}" },
  pins: [],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ask: ["# a token of your issuer for the audience {audience}, as OIDC_TOKEN", REQUEST],
};
