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
  /** While there is no App. */
  readonly registration?: RegistrationFacts;
}

/** For one browser: it was sent from here to GitHub, or is about to be. */
export interface RegistrationFacts {
  /** To be sent to GitHub, which sends it back. */
  readonly state: string;
  /** Why what came back is of no use. */
  readonly problem?: "not_asked_for" | "unknown_code" | "limited" | "failed";
  readonly app?: RegisteredAppFacts;
}

/** Shown once; nobody keeps it. */
export interface RegisteredAppFacts {
  readonly id: string;
  readonly slug: string;
  readonly owner: string;
  readonly installUrl: string;
  /** PEM. */
  readonly privateKey: string;
  readonly webhookSecret: string | undefined;
}

export interface AppFacts {
  readonly id: string;
  /** That policies may give it. */
  readonly name?: string;
  /** Where an owner installs it; undefined until GitHub told. */
  readonly installUrl?: string;
}
