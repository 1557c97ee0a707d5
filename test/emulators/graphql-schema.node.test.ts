// Our queries, and the excerpt of a schema that the emulated GitHub executes, against GitHub's own schema.

import { readFileSync } from "node:fs";
import { buildSchema, type GraphQLSchema, isInterfaceType, isObjectType, parse, validate } from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { FOLDER_FIELDS } from "../../worker/github/folders.ts";
import { queryOf } from "../../worker/github/graphql.ts";
import { TEXT_FIELDS } from "../../worker/github/texts.ts";
import { SCHEMA } from "./github/graphql.ts";

let real: GraphQLSchema;

beforeAll(() => {
  const path = `${import.meta.dirname}/../../node_modules/@octokit/graphql-schema/schema.graphql`;
  // It repeats a field, and breaks a rule of its own language.
  real = buildSchema(readFileSync(path, "utf8"), { assumeValid: true, assumeValidSDL: true });
});

const place = { owner: "acme", repository: "app" };
const faults = (fields: string): readonly string[] => {
  const { query } = queryOf(place, [
    { expression: "HEAD", fields: "oid" },
    { expression: "HEAD:x", fields },
  ]);
  return validate(real, parse(query)).map(({ message }) => message);
};

describe("GitHub's schema", () => {
  it("has what is asked of folders and of texts", () => {
    expect(faults(FOLDER_FIELDS)).toEqual([]);
    expect(faults(TEXT_FIELDS)).toEqual([]);
  });

  it("is a check that can fail", () =>
    expect(faults("...on Blob{content}")).toEqual([expect.stringContaining("content")]));

  it("has every field of the emulated one, of the same type", () => {
    const fieldsOf = (schema: GraphQLSchema) =>
      Object.values(schema.getTypeMap()).flatMap((type) => {
        if (type.name.startsWith("__") || !(isObjectType(type) || isInterfaceType(type))) return [];
        return Object.values(type.getFields()).map((field) => {
          const args = field.args.map((arg) => `${arg.name}: ${arg.type}`).sort();
          return `${type.name}.${field.name}(${args.join(", ")}): ${field.type}`;
        });
      });
    const known = new Set(fieldsOf(real));
    expect(fieldsOf(buildSchema(SCHEMA)).filter((field) => !known.has(field))).toEqual([]);
  });
});
