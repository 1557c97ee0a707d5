/**
 * The command line's words: commands, options, help. Pure.
 */

const COMMON = {
  owner: { type: "string" },
  kind: { type: "string" },
  domain: { type: "string" },
  "org-policy-repo": { type: "string" },
  "org-permissions": { type: "string" },
  "require-repositories": { type: "boolean" },
  "no-inline-jwks": { type: "boolean" },
  format: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** For parseArgs of node:util. */
export const OPTIONS = {
  ...COMMON,
  strict: { type: "boolean" },
  claims: { type: "string" },
  token: { type: "string" },
  "token-file": { type: "string" },
} as const;

/** The options that a command takes, and its formats. */
export const COMMANDS: Readonly<
  Record<string, { readonly options: readonly string[]; readonly formats: readonly string[] }>
> = {
  check: { options: [...Object.keys(COMMON), "strict"], formats: ["text", "json", "sarif", "github"] },
  explain: { options: [...Object.keys(COMMON), "claims", "token", "token-file"], formats: ["text", "json"] },
  test: { options: Object.keys(COMMON), formats: ["text", "json"] },
  schema: { options: ["help"], formats: [] },
};

export const HELP = `Trust policies on the command line

  policy check FILE|DIR...     faults and warnings, with line and column
  policy explain POLICY        what a policy says to a token, clause by clause
  policy test FILE|DIR...      run the *.sts.test.yaml files beside policies
  policy schema [NAME]         print the JSON Schema of \`policy\` (the default)
                               or \`trusted-token-issuers\`

check
  --format F      text (default), json, sarif, github
  --strict        exit 1 for warnings too
explain
  --claims FILE       the token's payload, as JSON; \`-\` reads standard input
  --token-file FILE   the token itself; \`-\` reads standard input
  --token TOKEN       the same; a shell keeps it in its history
  --format F          text (default), json
test
  --format F      text (default), json

for all of them
  --kind K              repository, or organization for a policy of the
                        owner's policy repository; by default read off the
                        repository's name, or the file
  --owner NAME          of the repository; by default read off its origin
  --domain HOST         of the deployment, which is the default audience;
                        by default $STS_DOMAIN
  --org-policy-repo N   the owner's policy repository (.github)
  --org-permissions L   highest level of organization-wide permissions in a
                        repository's policy: none, read (default), any
  --require-repositories, --no-inline-jwks
                        as the deployment's REQUIRE_REPOSITORIES, INLINE_JWKS

Exit code: 0 for clean, or warnings only; allowed; all tests passed.
1 for faults; refused; a failed test. 2 for a wrong call or an unreadable file.
`;
