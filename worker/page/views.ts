/** All views; each is loaded when somebody looks. */
import type { View } from "./view.ts";

export const VIEWS: readonly View[] = [
  { name: "", title: "This deployment", load: () => import("./overview/overview.tsx") },
  { name: "playground", title: "Try a policy", load: () => import("./playground/playground.tsx") },
  { name: "new", title: "Write a policy", load: () => import("./generator/generator.tsx") },
  { name: "refused", title: "Why was I refused?", load: () => import("./refused/refused.tsx") },
];

/** What people arrive at while there is no App. */
export const WITHOUT_APP: View = { name: "", title: "Register the App", load: () => import("./app/app.tsx") };
