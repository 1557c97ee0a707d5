// The fields of the audit event as rows of a document, from its schema. Pure.

/** A part of a JSON Schema. */
export interface Described {
  readonly type?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly additionalProperties?: unknown;
}

/** A refusal's own, of which no reason has all: the schema has them. */
const UNTOLD = "details";

/** `| name | meaning |`, from top to bottom; of objects and lists of objects their fields too. */
export function fieldRows(schema: Described, prefix = ""): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, node]) => {
    const path = `${prefix}${name}`;
    const row = `| \`${path}\` | ${node.description ?? ""} |`;
    if (path === UNTOLD) return [row];
    return [row, ...fieldRows(node, `${path}.`), ...fieldRows(node.items ?? {}, `${path}[].`)];
  });
}
