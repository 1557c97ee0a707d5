import type { ViewProps } from "../view.ts";

export default function RefusedView({ deployment }: ViewProps) {
  return (
    <>
      <h1>Why was I refused?</h1>
      <p class="lead">This part of the page of {deployment.domain ?? "this deployment"} is being built.</p>
    </>
  );
}
