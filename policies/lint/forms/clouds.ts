/** Google, AWS STS, Microsoft Entra, Kubernetes. Data only. */

import { type Forms, REGISTERED } from "./forms.ts";

/** https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload */
export const GOOGLE_FORMS: Forms = {
  issuer: "Google",
  hosts: /^(?:www\.|accounts\.)?google\.com(?:\/|$)/,
  iss: "https://accounts.google.com | accounts.google.com",
  sub: "NUMBER",
  claims: {
    "": `${REGISTERED} azp at_hash nonce name given_name family_name picture profile locale`,
    EMAIL: "email",
    "true false": "email_verified",
    LABEL: "hd",
  },
  // https://cloud.google.com/compute/docs/instances/verifying-instance-identity#payload
  objects: ["google"],
  pairs: [],
};

const STS = "https://sts.amazonaws.com/";

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html */
export const AWS_FORMS: Forms = {
  issuer: "AWS STS",
  hosts: /^sts[a-z0-9.-]*\.amazonaws\.com|tokens\.sts\.global\.api\.aws/,
  iss: "https://NAME.tokens.sts.global.api.aws",
  sub: "arn:aws:iam::ACCOUNT:role/ROLE arn:aws:iam::ACCOUNT:user/ROLE | arn:aws-cn:iam::ACCOUNT:ROLE arn:aws-us-gov:iam::ACCOUNT:ROLE",
  claims: {
    "": REGISTERED,
    ACCOUNT: `${STS}aws_account`,
    "o-NAME": `${STS}org_id`,
    "o-PATH": `${STS}ou_path`,
    LABEL: `${STS}source_region`,
  },
  objects: [STS],
  pairs: [`${STS}aws_account sub arn:[^:]+:iam::{}:.+`],
};

/** https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference */
export const AZURE_FORMS: Forms = {
  issuer: "Microsoft Entra",
  hosts: /^(?:sts\.windows|login\.(?:microsoft|windows)[a-z]*)\.(?:net|com)/,
  iss: "https://login.microsoftonline.com/UUID/v2.0 https://sts.windows.net/UUID/",
  sub: "UUID PAIRWISE_ID",
  claims: {
    "": REGISTERED,
    UUID: "tid oid appid azp",
    "1.0 2.0": "ver",
    "app user": "idtyp",
    NUMBER: "azpacr appidacr",
  },
  // Directories add claims of their own.
  prefixes: [""],
  pairs: ["tid iss https://[^/]+/{}/.*", "ver iss 1\\.0 https://sts\\..+ 2\\.0 https://login\\..+"],
};

/** https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims */
export const KUBERNETES_FORMS: Forms = {
  issuer: "Kubernetes",
  hosts: /^kubernetes\.default\.svc|^container\.googleapis|^oidc\.eks|prod-aks\.azure\.com/,
  iss: "https://oidc.eks.LABEL.amazonaws.com/id/CLUSTER https://container.googleapis.com/v1/projects/NAME/locations/NAME/clusters/NAME https://LABEL.oic.prod-aks.azure.com/UUID/UUID/ https://kubernetes.default.svc.cluster.local | https://kubernetes.default.svc https://oidc.eks.LABEL.amazonaws.com.cn/id/CLUSTER https://container.googleapis.com/v1/projects/NAME/zones/NAME/clusters/NAME",
  sub: "system:serviceaccount:NAMESPACE:LABEL",
  claims: {
    "": REGISTERED,
    NAMESPACE: "kubernetes.io/namespace",
    LABEL: "kubernetes.io/serviceaccount/name kubernetes.io/pod/name kubernetes.io/node/name",
    UUID: "kubernetes.io/serviceaccount/uid kubernetes.io/pod/uid kubernetes.io/node/uid",
  },
  objects: ["kubernetes.io"],
  pairs: [
    "kubernetes.io/namespace sub system:serviceaccount:{}:.+",
    "kubernetes.io/serviceaccount/name sub system:serviceaccount:[^:]+:{}",
  ],
};
