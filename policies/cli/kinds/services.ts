/**
 * Identity services, and what is of no known kind. Data only.
 */

import { HTTPS, OF_EVERY_TOKEN, REQUEST, type WorkloadKind } from "./kind.ts";

export const AUTH0: WorkloadKind = {
  name: "auth0",
  about: "a machine-to-machine application of Auth0",
  issuer: /^https:\/\/[a-z0-9.-]+\.auth0\.com\/$/,
  fields: {
    issuer: {
      label: "Issuer",
      about: "the tenant's, with its final slash; a custom domain too",
      example: "https://acme.eu.auth0.com/",
      rule: /^https:\/\/[a-z0-9.-]+\/$/,
    },
    client_id: {
      label: "Client id",
      about: "the application's, in its settings",
      example: "q2aTnXp9uYc7RkZ4mVdE1sLg8hJbWf0o",
      rule: /^[A-Za-z0-9_-]+$/,
    },
  },
  // The grant says that no user is behind the token.
  claims: { iss: "{issuer}", sub: "{client_id}@clients", gty: "client-credentials" },
  pins: ["gty"],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ask: [
    "# once: an API of Auth0 whose identifier is https://{audience}, which the application may use",
    "OIDC_TOKEN=$(printf 'grant_type=client_credentials&client_id=%s&client_secret=%s&audience=https://{audience}' \\",
    '  "$CLIENT_ID" "$CLIENT_SECRET" | curl -sSf -d @- {issuer}oauth/token |',
    `  sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    ...REQUEST,
  ],
};

export const SPIFFE: WorkloadKind = {
  name: "spiffe",
  about: "a workload with a SPIFFE ID",
  issuer: /^https:\/\//,
  subjectPrefix: "spiffe://",
  fields: {
    issuer: {
      label: "Issuer",
      about: "the SPIRE server's jwt_issuer, where the OIDC Discovery Provider publishes the keys",
      example: "https://spire-oidc.acme.dev",
      rule: HTTPS,
    },
    spiffe_id: {
      label: "SPIFFE ID",
      about: "the workload's",
      example: "spiffe://acme.dev/ns/ci/sa/publisher",
      rule: /^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)+$/,
    },
  },
  claims: { iss: "{issuer}", sub: "{spiffe_id}" },
  pins: [],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ownKeys: true,
  ask: ["# the token that `spire-agent api fetch jwt -audience {audience}` prints, as OIDC_TOKEN", ...REQUEST],
};

export const OTHER: WorkloadKind = {
  name: "other",
  about: "any other issuer",
  issuer: /^/,
  fields: {
    issuer: { label: "Issuer", about: "the token's iss", example: "https://id.acme.dev", rule: HTTPS },
    subject: { label: "Subject", about: "the token's sub", example: "backup" },
  },
  claims: { iss: "{issuer}", sub: "{subject}" },
  pins: [],
  volatileParts: [],
  volatileClaims: OF_EVERY_TOKEN,
  ownKeys: true,
  ask: ["# a token of your issuer for the audience {audience}, as OIDC_TOKEN", ...REQUEST],
};
