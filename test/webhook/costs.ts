// What each event costs in calls of GitHub, once it is known where the App is installed. worker/README.md has the same as a table.

export interface Cost {
  /** As the table words it. */
  readonly event: string;
  /** By route, the first time in an isolate. */
  readonly calls: Readonly<Record<string, number>>;
  /** Check runs that are made. */
  readonly runs: number;
  /** Whether KV is read, and written. */
  readonly kv: "none" | "read" | "written";
}

const CHECK = { "gh.mint": 1, "gh.compare": 1, "gh.checks": 1, "gh.graphql": 2, "gh.check_create": 1 };
const LOOK = { "gh.mint": 1, "gh.compare": 1 };

export const COSTS = {
  push: { event: "push that touches nothing of ours, to any branch", calls: {}, runs: 0, kv: "none" },
  forced: { event: "forced push to another branch, nothing of ours", calls: LOOK, runs: 0, kv: "none" },
  nothing: { event: "pull request of nothing of ours", calls: LOOK, runs: 0, kv: "none" },
  large: {
    event: "pull request of 300 files and more, nothing of ours",
    calls: { ...LOOK, "gh.checks": 1, "gh.graphql": 1 },
    runs: 0,
    kv: "none",
  },
  one: { event: "pull request of one policy", calls: CHECK, runs: 1, kv: "read" },
  forty: { event: "pull request of forty policies", calls: CHECK, runs: 1, kv: "read" },
  thousand: {
    event: "pull request of a thousand policies",
    calls: { ...CHECK, "gh.graphql": 6 },
    runs: 1,
    kv: "read",
  },
  main: {
    event: "push of a policy to the default branch",
    calls: { "gh.mint": 1, "gh.checks": 1, "gh.graphql": 2, "gh.check_create": 1 },
    runs: 1,
    kv: "written",
  },
  known: {
    event: "another event of a commit that has its verdict",
    calls: { ...LOOK, "gh.checks": 1 },
    runs: 0,
    kv: "none",
  },
  again: { event: "`check_run` or `check_suite` asked for again", calls: CHECK, runs: 1, kv: "read" },
  dropped: {
    event: "`check_suite` requested, `ready_for_review`, `ping`, events that are not listed here",
    calls: {},
    runs: 0,
    kv: "none",
  },
  moved: {
    event: "`repository`, `installation`, `installation_repositories`, `installation_target`",
    calls: {},
    runs: 0,
    kv: "written",
  },
} as const satisfies Readonly<Record<string, Cost>>;

export const sumOf = ({ calls }: Cost): number => Object.values(calls).reduce((sum, one) => sum + one, 0);
