/**
 * What runs in a cloud under an identity of the cloud's own. Data only.
 */

import { NUMBER, OF_EVERY_TOKEN, REQUEST, UUID, type WorkloadKind } from "./kind.ts";

export const GOOGLE: WorkloadKind = {
  name: "google",
  about: "a Google Cloud service account",
  issuer: /^(?:https:\/\/)?accounts\.google\.com$/,
  fields: {
    unique_id: {
      label: "Unique id",
      about: "`gcloud iam service-accounts describe EMAIL --format='value(uniqueId)'`",
      example: "117473920584639201847",
      rule: /^[0-9]{6,30}$/,
    },
  },
  claims: { iss: "https://accounts.google.com", sub: "{unique_id}" },
  pins: [],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ask: ["OIDC_TOKEN=$(gcloud auth print-identity-token --audiences={audience})", ...REQUEST],
};

const AWS_ISSUER = /^https:\/\/[0-9a-f-]+\.tokens\.sts\.global\.api\.aws$/;

export const AWS: WorkloadKind = {
  name: "aws",
  about: "an IAM role, by web identity tokens of AWS STS",
  issuer: AWS_ISSUER,
  fields: {
    issuer: {
      label: "Issuer",
      about: "the account's own: `aws iam get-outbound-web-identity-federation-info`",
      example: "https://3d4f6a8b-1c2d-4e5f-8a9b-0c1d2e3f4a5b.tokens.sts.global.api.aws",
      rule: AWS_ISSUER,
    },
    role_arn: {
      label: "Role",
      about: "as `arn:aws:iam::123456789012:role/NAME`",
      example: "arn:aws:iam::123456789012:role/release-bot",
      rule: /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/-]+$/,
    },
  },
  claims: { iss: "{issuer}", sub: "{role_arn}" },
  pins: ["https://sts.amazonaws.com/org_id", "https://sts.amazonaws.com/aws_account"],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ask: [
    "OIDC_TOKEN=$(aws sts get-web-identity-token --audience {audience} --signing-algorithm RS256 --query WebIdentityToken --output text)",
    ...REQUEST,
  ],
};

export const AZURE: WorkloadKind = {
  name: "azure",
  about: "a managed identity of Azure",
  issuer: /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\//,
  fields: {
    tenant_id: {
      label: "Tenant",
      about: "the directory's UUID",
      example: "72f988bf-0a1b-4c2d-8e3f-2d7cd011db47",
      rule: UUID,
    },
    object_id: {
      label: "Object id",
      about: "the identity's object (principal) id",
      example: "3fa85f64-5717-4562-b3fc-2c963f66afa6",
      rule: UUID,
    },
    audience: {
      label: "Application",
      about: "the id of the application that stands for the deployment in your tenant",
      example: "5d6c7b8a-9f0e-4d1c-8b2a-3f4e5d6c7b8a",
      rule: UUID,
    },
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
  ask: [
    "# the application's ID URI is api://{audience}, and its access tokens are of version 2",
    "OIDC_TOKEN=$(curl -sSf -H Metadata:true \\",
    '  "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api://{audience}" |',
    `  sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    ...REQUEST,
  ],
};

/** https://fly.io/docs/security/openid-connect/ */
export const FLY: WorkloadKind = {
  name: "fly",
  about: "a machine of Fly.io",
  issuer: /^https:\/\/oidc\.fly\.io\//,
  fields: {
    organization: {
      label: "Organization",
      about: "the organization's slug",
      example: "acme",
      rule: /^[a-z0-9-]+$/,
    },
    organization_id: {
      label: "Organization's number",
      about: "its number, `org_id` of a token: `fly machine exec ID 'cat /.fly/api'`",
      example: "551234",
      rule: NUMBER,
    },
    app: { label: "App", about: "the app's name", example: "status-page", rule: /^[a-z0-9-]+$/ },
    app_id: { label: "App's number", about: "its number, `app_id` of a token", example: "19683254", rule: NUMBER },
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
    "OIDC_TOKEN=$(curl -sSf --unix-socket /.fly/api -X POST -H 'Content-Type: application/json' \\",
    `  http://localhost/v1/tokens/oidc -d '{"aud": "{audience}"}')`,
    ...REQUEST,
  ],
};
