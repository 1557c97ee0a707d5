// The command line of `npm start`. Pure.

export interface Options {
  /** End after the exchange instead of serving on. */
  readonly once: boolean;
  /** The Worker's port; GitHub with its issuer takes the one after it. 0 takes any free ones. */
  readonly port: number;
  readonly help: boolean;
}

export const DEFAULT_PORT = 8787;

export const USAGE = `npm start [-- OPTIONS]   the Worker on an emulated GitHub and an emulated issuer
  --once        end after one exchange; the exit code says whether all of it worked
  --port PORT   the Worker's port (${DEFAULT_PORT}); GitHub with its issuer takes the
                next; 0 takes any that are free`;

/** The options, or one line that says what is wrong with them. */
export function readOptions(args: readonly string[]): Options | string {
  let options: Options = { once: false, port: DEFAULT_PORT, help: false };
  for (let i = 0; i < args.length; i++) {
    const [name, given] = (args[i] ?? "").split("=", 2);
    if (given !== undefined && name !== "--port") return `${name} takes no value`;
    if (name === "--once") options = { ...options, once: true };
    else if (name === "--help" || name === "-h") options = { ...options, help: true };
    else if (name === "--port") {
      const value = given ?? args[++i] ?? "";
      const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
      // One more port follows it.
      if (!(port <= 65_534)) return "--port needs a number from 0 to 65534";
      options = { ...options, port };
    } else return `unknown option ${name} (try --help)`;
  }
  return options;
}
