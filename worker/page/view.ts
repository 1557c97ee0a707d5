/** What every view is: the default export of a module of its own, which is loaded when somebody looks. */
import type { ComponentType } from "preact";
import type { Deployment } from "./deployment.ts";

export interface ViewProps {
  readonly deployment: Deployment;
  /** What stands in the address behind `#/view?`. Links share it, so that it may never hold a token. */
  readonly state: URLSearchParams;
  /** Writes it there, in place of what stood there: the way back leads to the view before, and not to each key that was pressed. */
  readonly setState: (state: URLSearchParams) => void;
}

export interface ViewModule {
  readonly default: ComponentType<ViewProps>;
}

export interface View {
  /** The first part of the fragment: `playground` of `#/playground?...`. */
  readonly name: string;
  /** Of the browser's window. */
  readonly title: string;
  readonly load: () => Promise<ViewModule>;
}
