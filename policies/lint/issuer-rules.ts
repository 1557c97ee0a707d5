/**
 * Issuer patterns that match issuers of someone else: another domain, or another customer of the same provider. Pure.
 */

import { quoted } from "../diagnostics.ts";
import type { Rule } from "./context.ts";
import { overlaps } from "./language.ts";
import type { Unplaced, Value } from "./value.ts";
import { PROBE } from "./workloads.ts";

/** Behind these suffixes anyone can have a name of his own. */
const SHARED_SUFFIXES = [
  "[a-z]{2,}",
  "(?:com?|net|org|gov|edu|ac)\\.[a-z]{2}",
  "git(?:hub|lab)\\.io",
  "(?:pages|workers|web)\\.(?:dev|app)",
  "(?:vercel|netlify|run|herokuapp|firebaseapp|onrender|ngrok|ngrok-free)\\.(?:app|com|io)",
  "fly\\.dev",
  "appspot\\.com",
  "cloudfront\\.net",
  "(?:azurewebsites|(?:blob|web)\\.core\\.windows)\\.net",
  "s3(?:[.-][a-z0-9-]+)?\\.amazonaws\\.com",
];

const ADDRESS_END = "(?::[0-9]+)?(?:/.*)?";

/** A host whose registered name, the label before the suffix, is of anyone's choice. */
function foreignHost(): string {
  return `https?://(?:[^/@]+\\.)?[a-z0-9-]*${PROBE}[a-z0-9-]*\\.(?:${SHARED_SUFFIXES.join("|")})${ADDRESS_END}`;
}

/** Providers whose issuers differ by customer, and where in the address the customer stands. */
function tenants(): readonly (readonly [provider: string, template: string])[] {
  const tenant = `[^/]*${PROBE}[^/]*`;
  return [
    ["Amazon EKS", `https://oidc\\.eks\\.[a-z0-9-]+\\.amazonaws\\.com/id/${tenant}`],
    ["AWS STS", `https://${tenant}\\.tokens\\.sts\\.global\\.api\\.aws`],
    ["Google Kubernetes Engine", `https://container\\.googleapis\\.com/v1/projects/${tenant}/.*`],
    ["Azure Kubernetes Service", `https://[a-z0-9-]+\\.oic\\.prod-aks\\.azure\\.com/${tenant}/.*`],
    ["Microsoft Entra", `https://(?:sts\\.windows\\.net|login\\.microsoftonline\\.com)/${tenant}(?:/.*)?`],
    ["CircleCI", `https://oidc\\.circleci\\.com/org/${tenant}`],
    [
      "GitHub Actions (an issuer of an enterprise's own)",
      `https://token\\.actions\\.githubusercontent\\.com/${tenant}`,
    ],
    ["Bitbucket Pipelines", `https://api\\.bitbucket\\.org/2\\.0/workspaces/${tenant}/.*`],
    ["Auth0", `https://${tenant}\\.auth0\\.com/?`],
    ["Okta", `https://${tenant}\\.okta\\.com(?:/.*)?`],
    ["Amazon Cognito", `https://cognito-idp\\.[a-z0-9-]+\\.amazonaws\\.com/${tenant}`],
  ];
}

export const issuerRules: Rule = ({ issuer }) => foreignIssuers(issuer);

export function foreignIssuers({ kind, path, text, language }: Value): readonly Unplaced[] {
  if (kind === "exact") return [];
  if (overlaps(language, foreignHost())) {
    return [
      {
        id: "issuer-of-anyone",
        severity: "warning",
        path,
        message: `${quoted(text)} also matches hosts that someone else can register, and who runs the issuer signs whatever the policy asks for`,
        suggestion: "write the issuer exactly; else the whole domain, its dots escaped, with `[^./]+\\.` for one label",
      },
    ];
  }
  const shared = tenants().find(([, template]) => overlaps(language, template));
  if (shared === undefined) return [];
  return [
    {
      id: "issuer-of-any-customer",
      severity: "warning",
      path,
      message: `${quoted(text)} matches the issuers of all customers of ${shared[0]}, and any of them can make up the subject`,
      suggestion: "write the issuer exactly, with your own id in it",
    },
  ];
}
