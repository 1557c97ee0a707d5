/**
 * Pods: what a cluster signs for its service accounts. Data only.
 */

import { HTTPS, OF_EVERY_TOKEN, REQUEST, type WorkloadField, type WorkloadKind } from "./kind.ts";

/** RFC 1123 labels and subdomains, which names of Kubernetes are. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

const ACCOUNT: Readonly<Record<string, WorkloadField>> = {
  namespace: { label: "Namespace", about: "the pod's namespace", example: "ci", rule: NAME },
  account: { label: "Service account", about: "its service account", example: "image-updater", rule: NAME },
};

export const KUBERNETES: WorkloadKind = {
  name: "kubernetes",
  about: "a pod's service account",
  issuer: /^https:\/\//,
  subjectPrefix: "system:serviceaccount:",
  fields: {
    issuer: {
      label: "Issuer",
      about: "`kubectl get --raw /.well-known/openid-configuration`",
      example: "https://kubernetes.default.svc.cluster.local",
      rule: HTTPS,
    },
    ...ACCOUNT,
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
  ownKeys: true,
  ask: [
    "# in the pod, mounted at /var/run/secrets/sts: a projected volume with",
    "#   serviceAccountToken: { path: token, audience: {audience}, expirationSeconds: 3600 }",
    "OIDC_TOKEN=$(cat /var/run/secrets/sts/token)",
    ...REQUEST,
  ],
};

/** A cluster whose keys its cloud publishes. */
const managed = (name: string, about: string, issuer: Omit<WorkloadField, "label">): WorkloadKind => {
  const { ownKeys: _, ...common } = KUBERNETES;
  const { rule = HTTPS } = issuer;
  return { ...common, name, about, issuer: rule, fields: { issuer: { label: "Issuer", ...issuer }, ...ACCOUNT } };
};

export const EKS = managed("aws-eks", "a pod in EKS", {
  about: "the cluster's: `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer --output text`",
  example: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
  rule: /^https:\/\/oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/id\/[0-9A-Z]+$/,
});

export const GKE = managed("google-gke", "a pod in GKE", {
  about: "`https://container.googleapis.com/v1/` and the cluster's own path",
  example: "https://container.googleapis.com/v1/projects/acme-prod/locations/europe-west1/clusters/main",
  rule: /^https:\/\/container\.googleapis\.com\/v1\/projects\/[^\s/]+\/locations\/[^\s/]+\/clusters\/[^\s/]+$/,
});

export const AKS = managed("azure-aks", "a pod in AKS", {
  about:
    "the cluster's, with its final slash: `az aks show --resource-group RG --name NAME --query oidcIssuerProfile.issuerUrl -otsv`",
  example:
    "https://westeurope.oic.prod-aks.azure.com/72f988bf-0a1b-4c2d-8e3f-2d7cd011db47/a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d/",
  rule: /^https:\/\/[a-z0-9-]+\.oic\.prod-aks\.azure\.(?:com|cn|us)\/[^\s/]+\/[^\s/]+\/$/,
});
