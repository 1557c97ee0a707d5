import type { ViewProps } from "../view.ts";

export default function Playground({ deployment }: ViewProps) {
  return (
    <>
      <h1>Try a policy</h1>
      <p class="lead">This part of the page of {deployment.domain ?? "this deployment"} is being built.</p>
    </>
  );
}
