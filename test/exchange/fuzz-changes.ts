// Random changes to a request, from its method to the letters of its token, for fuzzing.

import fc from "fast-check";

export interface Draft {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly token: string;
}

/** What is different afterwards; `tokens` are others that were signed, good ones and bad ones. */
export type Change = (draft: Draft, tokens: readonly string[]) => Partial<Draft>;

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const visible = fc.string({
  maxLength: 30,
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
});
const anyText = fc.oneof(visible, fc.string({ maxLength: 30, unit: "binary" }));

const splice = (text: string, where: number, length: number, more: string): string => {
  const index = Math.floor(where * (text.length + 1));
  return text.slice(0, index) + more + text.slice(index + length);
};

const names = fc.constantFrom(
  "scope",
  "scopes",
  "identity",
  "permissions",
  "repositories",
  "aud",
  "Scope",
  "scope.x",
  "identity[]",
  "__proto__",
);
const values = fc.oneof(
  anyText,
  fc.constantFrom(
    "",
    ",",
    "*",
    "..",
    "../..",
    "acme",
    "acme/app",
    "a/b/c",
    "deploy",
    "contents:write",
    "issues:write",
    "issues:read",
    "app",
    "app,other",
    "%00",
    "null",
  ),
);
const headerNames = fc.constantFrom(
  "Authorization",
  "Content-Type",
  "Accept",
  "Host",
  "X-Forwarded-For",
  "Grpc-Metadata-Authorization",
  "Content-Length",
  "Cookie",
  "Transfer-Encoding",
  "X-HTTP-Method-Override",
);
const which = fc.nat({ max: 2 });
const FORM = "application/x-www-form-urlencoded";
const methods = fc.constantFrom("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH");
const paths = fc.constantFrom(
  "/sts/exchange",
  "/sts/exchange/",
  "/STS/exchange",
  "/sts//exchange",
  "/oauth2/token",
  "/sts/revoke",
  "/.well-known/oauth-authorization-server",
  "/x",
);
const contentTypes = fc.constantFrom(
  FORM,
  "application/json",
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/grpc",
  "nonsense;;",
  "",
);

const onToken: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share, fc.nat({ max: 3 }), fc.oneof(visible, fc.constantFrom(".", "=", "A", "-"))).map(
    ([where, length, more]): Change =>
      ({ token }) => ({ token: splice(token, where, length, more) }),
  ),
  which.map(
    (other): Change =>
      (_, others) => ({ token: others[other] ?? "" }),
  ),
  fc.tuple(which, which).map(
    ([other, part]): Change =>
      ({ token }, others) => {
        const parts = token.split(".");
        parts[part] = (others[other] ?? "").split(".")[part] ?? "";
        return { token: parts.join(".") };
      },
  ),
);

const posted =
  (type: string, body: string): Change =>
  ({ headers }) => ({
    method: "POST",
    headers: [...headers, ["Content-Type", type]],
    body,
  });
const formOf = (pairs: readonly (readonly [string, string])[]): string =>
  new URLSearchParams(pairs.map(([name, value]) => [name, value.toWellFormed()])).toString();

const onRequest: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(names, values).map(
    (pair): Change =>
      ({ query }) => ({ query: [...query, pair] }),
  ),
  fc.tuple(which, values).map(
    ([at, value]): Change =>
      ({ query }) => ({
        query: query.map(([name, old], i) => [name, i === at ? value : old]),
      }),
  ),
  which.map(
    (at): Change =>
      ({ query }) => ({ query: query.filter((_, i) => i !== at) }),
  ),
  fc.tuple(headerNames, visible).map(
    (header): Change =>
      ({ headers }) => ({ headers: [...headers, header] }),
  ),
  fc.tuple(contentTypes, anyText).map(([type, body]) => posted(type, body)),
  fc.jsonValue({ maxDepth: 3 }).map((json) => posted("application/json", JSON.stringify(json))),
  fc.array(fc.tuple(names, values), { maxLength: 4 }).map((pairs) => posted(FORM, formOf(pairs))),
  methods.map(
    (method): Change =>
      () => ({ method }),
  ),
  paths.map(
    (path): Change =>
      () => ({ path }),
  ),
);

export const changes = fc.array(fc.oneof({ weight: 2, arbitrary: onToken }, { weight: 3, arbitrary: onRequest }), {
  minLength: 1,
  maxLength: 5,
});
