/** What a check run says: conclusion, title, summary, annotations. Pure. */
import { type Diagnostic, plural, type Severity } from "../../policies/diagnostics.ts";
import type { Denial } from "../denial.ts";
import type { Annotation, CheckOutput, CompletedRun, Conclusion } from "../github/checks.ts";
import { CHECK_ANNOTATIONS_MAX, CHECK_SUMMARY_MAX_BYTES } from "../limits.ts";
import type { AccessChange, Direction } from "./access.ts";
import type { FileVerdict } from "./judge.ts";
import { code, sentence } from "./markdown.ts";

/** What was found out about a commit. */
export interface Findings {
  readonly verdicts: readonly FileVerdict[];
  readonly unchecked: readonly string[];
  /** Why they are not checked. */
  readonly why?: string;
}

/** Annotations: what matters most first. `domain`: of the deployment, which the links lead to. */
export function verdictOf(findings: Findings, domain: string): CompletedRun {
  const all = diagnosticsIn(findings);
  const isGood = all.error.length === 0 && findings.unchecked.length === 0;
  const output = { title: titleOf(findings, all), summary: summaryOf(findings, all), annotations: annotationsOf(all) };
  return completed(isGood ? "success" : "failure", output, domain);
}

/** A check that cannot be done says so, and what to do. */
export function couldNotCheck(denial: Denial, domain: string): CompletedRun {
  const more = `[What this means](https://${domain}/reasons/${denial.reason})`;
  const summary = `${reasonText(denial)}. ${more}.\n\nRe-run this check, or push again, when that has passed: nothing is known of what was not read.`;
  return completed("failure", { title: NOT_CHECKED, summary }, domain);
}

const NOT_CHECKED = "Trust policies could not be checked";

const completed = (conclusion: Conclusion, output: CheckOutput, domain: string): CompletedRun => ({
  conclusion,
  detailsUrl: `https://${domain}/`,
  output: { ...output, text: helpText(domain) },
});

/** What is left to say where GitHub refuses to take a run as it was. */
export function withoutAnnotations({ output, ...run }: CompletedRun): CompletedRun {
  const { annotations = [], summary, ...rest } = output;
  const note = `GitHub did not take ${plural(annotations.length, "annotation")}; what they say stands below, as far as there is room.`;
  return { ...run, output: { ...rest, summary: `${note}\n\n${cut(summary, CHECK_SUMMARY_MAX_BYTES / 4)}` } };
}

/** Every link leads to what this deployment serves. The reference is in the service's repository alone, at a version that nobody knows here. */
const helpText = (
  domain: string,
): string => `The same check on your own machine, in a checkout of [this service](https://${domain}/):

\`\`\`
npm run policy -- check PATH-OF-YOUR-REPOSITORY
npm run policy -- explain POLICY.sts.yaml --claims CLAIMS.json
\`\`\`

\`check\` finds errors and warnings with their lines; \`explain\` says, clause by clause, how a policy answers a token. The policy reference is \`policies/README.md\` there.

- Each key that a policy may have, for editors too: https://${domain}/schemas/policy.json
- What a refusal of an exchange means, by its reason: https://${domain}/reasons/subject_mismatch and so on`;

type BySeverity = Readonly<Record<Severity, readonly (Diagnostic & { readonly file: string })[]>>;

function diagnosticsIn({ verdicts }: Findings): BySeverity {
  const all = verdicts.flatMap(({ path: file, diagnostics }) => diagnostics.map((one) => ({ ...one, file })));
  const of = (severity: Severity) => all.filter((one) => one.severity === severity);
  return { error: of("error"), warning: of("warning"), notice: of("notice") };
}

/** Nothing for nothing. */
const some = (count: number, words: (count: number) => string): readonly string[] => (count > 0 ? [words(count)] : []);

/** The result first: what is valid is never said beside what no token can be made by. */
function titleOf({ verdicts, unchecked }: Findings, { error, warning }: BySeverity): string {
  const notChecked = (count: number) => (verdicts.length === 0 ? NOT_CHECKED : `${plural(count, "file")} not checked`);
  const parts = [
    ...some(error.length, (count) => `Invalid: ${plural(count, "error")}`),
    ...some(unchecked.length, notChecked),
    ...(error.length === 0 ? stateTitle(verdicts, unchecked.length === 0) : []),
    ...accessTitle(verdicts),
    ...some(warning.length, (count) => plural(count, "warning")),
  ];
  return parts.join("; ");
}

function stateTitle(verdicts: Findings["verdicts"], isWhole: boolean): readonly string[] {
  const count = (what: FileVerdict["what"], state: FileVerdict["state"]) =>
    verdicts.filter((one) => one.what === what && one.state === state).length;
  const unusable = count("policy", "unusable");
  if (unusable > 0) return [`No token can be made by ${plural(unusable, "policy")}`];
  if (count("policy", "valid") + count("list", "valid") > 0) return isWhole ? ["Valid"] : [];
  const removed = [
    ...some(count("policy", "removed"), (policies) => `${plural(policies, "policy")} removed`),
    ...some(count("list", "removed"), () => "Issuer list removed"),
  ];
  return removed.length > 0 || !isWhole ? removed : ["No trust policy is changed"];
}

const DIRECTIONS: readonly (readonly [way: Direction, verb: string, ofIssuers: string])[] = [
  ["wider", "widens", "issuers are let in"],
  ["narrower", "narrows", "issuers are shut out"],
  ["other", "changes", "the issuer list changes"],
];

/** A policy by which no token can be made widens nothing. */
function accessTitle(verdicts: Findings["verdicts"]): readonly string[] {
  const going = (what: FileVerdict["what"], way: Direction) =>
    verdicts.filter((one) => one.what === what && one.state !== "unusable" && one.access?.direction === way).length;
  const policies = DIRECTIONS.flatMap(([way, verb]) =>
    some(going("policy", way), (count) => `${verb} for ${plural(count, "identity")}`),
  );
  const issuers = DIRECTIONS.flatMap(([way, , words]) => some(going("list", way), () => words));
  return [...policies.map((words, i) => (i === 0 ? `access ${words}` : words)), ...issuers];
}

/** Sections, each with its share of what GitHub takes, so that none pushes another out. */
function summaryOf({ verdicts, unchecked, why = "" }: Findings, { error, warning, notice }: BySeverity): string {
  const counts = [plural(error.length, "error"), plural(warning.length, "warning"), plural(notice.length, "notice")];
  return [
    `${plural(verdicts.length, "changed file")} looked at: ${counts.join(", ")}.`,
    ...section("Not checked", 4_000, unchecked, (path) => `- ${code(path)}: ${why}`),
    ...section("Errors", 20_000, error, diagnosticText),
    ...section("What this changes in access", 22_000, widestFirst(verdicts), ({ text }) => `${text}\n`),
    ...section("Warnings and notices", 14_000, [...warning, ...notice], diagnosticText),
  ].join("\n\n");
}

/** What lets in somebody is not to be pushed out of sight by much that does not. */
function widestFirst(verdicts: readonly FileVerdict[]): readonly AccessChange[] {
  const order: readonly Direction[] = ["wider", "other", "narrower", "same"];
  const changes = verdicts.flatMap(({ access }) => (access ? [access] : []));
  return changes.toSorted((a, b) => order.indexOf(a.direction) - order.indexOf(b.direction));
}

/** Once something is left out so is all that follows: a reader should not have to guess where the gap is. Nothing else is rendered. */
function section<T>(
  title: string,
  maxBytes: number,
  items: readonly T[],
  render: (item: T) => string,
): readonly string[] {
  if (items.length === 0) return [];
  const shown: string[] = [];
  let left = maxBytes;
  for (const item of items) {
    const paragraph = render(item);
    left -= bytesOf(paragraph) + 1;
    if (left < 0) break;
    shown.push(paragraph);
  }
  const more = items.length - shown.length;
  return [
    `## ${title}`,
    ...(shown.length > 0 ? [shown.join("\n")] : []),
    ...(more > 0 ? [`... and ${more} more.`] : []),
  ];
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function cut(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= maxBytes ? text : new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true });
}

function diagnosticText({ file, line, column, id, message, suggestion }: BySeverity[Severity][number]): string {
  const place = line > 0 ? `, line ${line}, column ${column}` : "";
  const advice = suggestion === undefined ? "" : ` → ${sentence(suggestion)}`;
  return `- ${code(file)}${place}: ${sentence(message)}${advice} (${id})`;
}

const LEVELS = { error: "failure", warning: "warning", notice: "notice" } as const;

function annotationsOf({ error, warning, notice }: BySeverity): readonly Annotation[] {
  return [...error, ...warning, ...notice]
    .slice(0, CHECK_ANNOTATIONS_MAX)
    .map(({ file, line, column, severity, id, message, suggestion }) => {
      const place = Math.max(1, line);
      return {
        path: file,
        start_line: place,
        end_line: place,
        ...(column > 0 && { start_column: column, end_column: column }),
        annotation_level: LEVELS[severity],
        title: `Trust policy: ${id}`,
        message: suggestion === undefined ? message : `${message}\n${suggestion}`,
      };
    });
}

/** What a person can do, and nothing that GitHub said. */
export function reasonText(denial: Denial): string {
  switch (denial.reason) {
    case "github_rate_limited":
      return `GitHub limits this App's requests for another ${denial.retryAfterSeconds} s`;
    case "github_unavailable":
    case "github_invalid_answer":
      return `GitHub did not answer as it should (${denial.problem})`;
    case "deadline_exceeded":
      return "GitHub took longer than a check may run";
    case "github_forbidden":
      return "GitHub refuses the App this access (perhaps an IP allow list, or single sign-on)";
    case "internal":
      return "the check itself failed, and the log of this service says where";
    case "repository_not_visible":
      return "the App cannot see the repository any more";
    default:
      return `something else went wrong (${denial.reason})`;
  }
}
