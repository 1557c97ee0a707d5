// What a reader of audit events may rely on: the JSON Schema as it is served.

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import schema from "../../worker/event.schema.json";

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
