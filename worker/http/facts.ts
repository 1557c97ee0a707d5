/** What the page is told of the deployment that serves it; public, and the same for everyone. */
export interface DeploymentFacts {
  readonly state: "serving" | "misconfigured" | "no_app";
  /** Host name, with a port where it has one; undefined while that is not known. */
  readonly domain?: string;
  /** Of the configured GitHub; no final slash. */
  readonly webUrl: string;
  readonly apps: readonly AppFacts[];
  /** The only owners that are served; undefined: any. */
  readonly owners?: readonly string[];
  /** Names of variables that are wrong, never a value. */
  readonly wrong: readonly string[];
}

export interface AppFacts {
  readonly id: string;
  /** That policies may give it. */
  readonly name?: string;
  /** Where an owner installs it; undefined until GitHub told. */
  readonly installUrl?: string;
}
