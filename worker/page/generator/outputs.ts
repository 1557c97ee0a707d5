/**
 * What is made of the form: the policy, its test, how it is used, and where all of it is committed. Pure: the same code as `policy new`.
 */

import { checkPolicy, countBySeverity } from "../../../policies/check.ts";
import { assumedRules } from "../../../policies/cli/assumed-rules.ts";
import { type DraftRequest, draftPolicy, neededClaims } from "../../../policies/cli/draft.ts";
import { type Usage, usageOf } from "../../../policies/cli/usage.ts";
import type { Diagnostic } from "../../../policies/diagnostics.ts";
import { POLICY_DIRECTORY, POLICY_SUFFIX, TEST_SUFFIX } from "../../../policies/file-names.ts";
import { playgroundAddress } from "../handover.ts";
import type { Form, Pasted } from "./form.ts";
import { type Facts, type FormProblem, type FormWorkload, readForm } from "./reading.ts";

export interface NewFile {
  readonly text: string;
  readonly path: string;
  /** As owner/name. */
  readonly repository: string;
  /** GitHub's page for a new file, with the text in it if that is not too long for a link. */
  readonly href: string;
  readonly isTextInLink: boolean;
}

export interface Outputs {
  readonly request: DraftRequest;
  readonly policy: NewFile;
  readonly test: NewFile;
  readonly usage: Usage;
  readonly workflow: NewFile | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly isUsable: boolean;
}

export interface FormOutcome {
  /** By the name of the control that they are about. */
  readonly problems: readonly FormProblem[];
  readonly workload: FormWorkload | undefined;
  /** Undefined while something is missing or unruly. */
  readonly outputs: Outputs | undefined;
}

export function outcomeOf(form: Form, evidence: Pasted, facts: Facts): FormOutcome {
  const { request, ...read } = readForm(form, evidence, facts);
  return { ...read, outputs: request && outputsOf(request, form, facts) };
}

function outputsOf(request: DraftRequest, form: Form, facts: Facts): Outputs {
  const { scope, domain } = request;
  const draft = draftPolicy(request);
  const repository = `${scope.owner}/${scope.repository ?? ".github"}`;
  const file = (path: string, text: string, where = repository, branch = form.defaultBranch || "main"): NewFile => {
    return { text, path, repository: where, ...newFileLink({ ...facts, repository: where, branch, path, text }) };
  };
  const usage = usageOf(
    request,
    form.identity,
    form.actionCopy === "" ? undefined : `${form.actionCopy}/.github/actions/token`,
  );
  const { diagnostics } = checkPolicy(draft.policy, {
    kind: scope.repository === undefined ? "organization" : "repository",
    owner: scope.owner,
    domain,
    // Only who allows loopback addresses has a GitHub without TLS.
    rules: assumedRules({ domain, allowLoopback: facts.webUrl.startsWith("http:") }),
  });
  const own = usage.file?.repository ?? repository;
  return {
    request,
    policy: file(`${POLICY_DIRECTORY}${form.identity}${POLICY_SUFFIX}`, draft.policy),
    test: file(`${POLICY_DIRECTORY}${form.identity}${TEST_SUFFIX}`, draft.test),
    usage,
    workflow: usage.file && file(usage.file.path, usage.text, own, own === repository ? undefined : "main"),
    diagnostics,
    isUsable: countBySeverity(diagnostics, "error") === 0,
  };
}

/** The policy beside the claims that it looks at. */
export const playgroundHref = (request: DraftRequest, policy: string): string =>
  playgroundAddress({
    policy,
    claims: `${JSON.stringify(neededClaims(request), undefined, 2)}\n`,
    scope: request.scope,
  });

/** Longer request lines are refused by servers and proxies on the way. */
const MAX_LINK_CHARACTERS = 7_000;

interface LinkParts {
  readonly webUrl: string;
  readonly repository: string;
  readonly branch: string;
  readonly path: string;
  readonly text: string;
}

function newFileLink({ webUrl, repository, branch, path, text }: LinkParts) {
  const place = `${webUrl}/${repository}/new/${branch.split("/").map(encodeURIComponent).join("/")}`;
  const bare = `${place}?${new URLSearchParams({ filename: path })}`;
  const whole = `${bare}&${new URLSearchParams({ value: text })}`;
  const isTextInLink = whole.length <= MAX_LINK_CHARACTERS;
  return { href: isTextInLink ? whole : bare, isTextInLink };
}
