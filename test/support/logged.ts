// What every line of the log must be in every test: an audit event is as its schema says, and nothing in it can be used.

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { EVENT_TYPE } from "../../worker/audit.ts";
import schema from "../../worker/event.schema.json";

type Line = Readonly<Record<string, unknown>>;

const compile = (): ValidateFunction => formats.default(new Ajv2020({ allErrors: true })).compile(schema);
let compiled: ValidateFunction | undefined;

/** What is wrong with an event; nothing if it is as the schema says. */
export function eventFaults(event: unknown): readonly string[] {
  compiled ??= compile();
  if (compiled(event)) return [];
  return (compiled.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** GitHub's tokens, parts of signed tokens of whoever, and keys. */
const SECRETS = /gh[a-z]_[A-Za-z0-9]|eyJ[\w-]{12}|-----BEGIN/;
/** Of a token: in its letters anything may stand, also what a token begins with. */
const DIGEST = /"hashed_token":"[A-Za-z0-9+/]{43}="/g;
const SECRET_VARIABLES = [
  ...["GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"],
  ...["READY_TOKEN", "EVENT_INGRESS_AUTHORIZATION"],
];

/** Throws for what must not stand in the log after this request, at a deployment of these variables. */
export function judgeLines(lines: readonly Line[], request: Request, variables: Line = {}): void {
  const faults = lines.filter(({ type }) => type === EVENT_TYPE).flatMap(eventFaults);
  if (faults.length > 0) throw new Error(`an audit event is not as its schema says: ${faults.join("; ")}`);
  const text = JSON.stringify(lines).replaceAll(DIGEST, "");
  const parts = (request.headers.get("Authorization") ?? "").split(".").filter(({ length }) => length > 20);
  const own = SECRET_VARIABLES.flatMap((name) => String(variables[name] ?? "").split(/\\n|[\s",]+/));
  const long = [...parts, ...own].filter(({ length }) => length > 8);
  const leaked = SECRETS.exec(text)?.[0] ?? long.find((part) => text.includes(part));
  if (leaked !== undefined) throw new Error(`the log has what could be used: ${leaked}`);
}
