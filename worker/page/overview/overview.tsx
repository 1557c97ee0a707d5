import type { ViewProps } from "../view.ts";

/** Where people arrive: what this deployment is, and the ways to the tools. */
export default function Overview({ deployment }: ViewProps) {
  return (
    <>
      <h1>{deployment.domain ?? "Octo STS"}</h1>
      <p class="lead">
        Workloads show an OIDC token here and get a short-lived GitHub token, as trust policies in your repositories
        allow.
      </p>
    </>
  );
}
