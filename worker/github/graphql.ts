/** Many of git's objects in one call, by GraphQL. REST has each of them too, one by one. */
import * as v from "valibot";
import { GIT_ANSWER_MAX_BYTES } from "../limits.ts";
import { type CallContext, lookUp, type RepositoryRef, type TokenApi } from "./call.ts";
import { GRAPHQL } from "./request.ts";

export interface ObjectAsked {
  /** As `git rev-parse` takes it: an id, or `commit:path`. It goes into a variable, never into the query's text. */
  readonly expression: string;
  /** A selection of fields, of our own words. */
  readonly fields: string;
}

/** In the order of what was asked: null where there is no such object. Undefined when GraphQL does not answer as it should. */
export async function queryObjects(
  api: TokenApi,
  token: string,
  { owner, repository, objects }: RepositoryRef & { readonly objects: readonly ObjectAsked[] },
  call: CallContext,
): Promise<readonly unknown[] | undefined> {
  const body = queryOf({ owner, repository }, objects);
  const request = { route: GRAPHQL, body, token, maxBytes: GIT_ANSWER_MAX_BYTES, retry: true };
  const answer = await lookUp(api, request, repositoryIn, call);
  if (answer.kind !== "found") return undefined;
  const values = objects.map((_, i) => answer.value[`o${i}`]);
  return values.includes(undefined) ? undefined : values;
}

/** Exported for the test that holds it against GitHub's schema. */
export function queryOf({ owner, repository: name }: RepositoryRef, objects: readonly ObjectAsked[]) {
  const declared = objects.map((_, i) => `$e${i}:String!`).join(",");
  const parts = objects.map(({ fields }, i) => `o${i}:object(expression:$e${i}){${fields}}`).join(" ");
  const expressions = objects.map(({ expression }, i) => [`e${i}`, expression]);
  return {
    // A name that was given up leads nowhere, as with every other call.
    query: `query($owner:String!,$name:String!,${declared}){repository(owner:$owner,name:$name,followRenames:false){${parts}}}`,
    variables: { owner, name, ...Object.fromEntries(expressions) },
  };
}

/** Beside `errors` a null may mean "not read". */
const answerShape = v.object({
  data: v.object({ repository: v.record(v.string(), v.unknown()) }),
  errors: v.optional(v.undefined_()),
});

function repositoryIn(json: unknown): Readonly<Record<string, unknown>> | undefined {
  const parsed = v.safeParse(answerShape, json);
  return parsed.success ? parsed.output.data.repository : undefined;
}
