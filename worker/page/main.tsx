/** The entry: the view that the address names, in the document's frame. */
import { render } from "preact";
import { readDeployment } from "./deployment.ts";
import { Page } from "./page.tsx";

const main = document.getElementById("main");
if (main !== null) {
  main.replaceChildren();
  render(<Page deployment={readDeployment(document)} />, main);
}

// The address is the router's: the link may not put the name of an element there.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main?.focus();
});
