/**
 * Which policy files a commit changes, and what stands at each of them before and after. GitHub's lists of changed files are relied on
 * only where they say that nothing of ours differs, and are complete; else the folders of both commits are compared entry by entry.
 */
import { POLICY_DIRECTORY, POLICY_SUFFIX, roleOfFile, TRUSTED_ISSUERS_NAME } from "../../policies/file-names.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { type FolderEntry, readFolders } from "../github/folders.ts";
import { type Blob, type Comparison, compareCommits } from "../github/git.ts";
import { queryObjects } from "../github/graphql.ts";
import { readTexts, readTextsAt } from "../github/texts.ts";
import { CHECK_FILES_MAX, WEBHOOK_CALLS_RESERVED } from "../limits.ts";
import type { Desk } from "./desk.ts";
import type { ChangedFile, Standing } from "./judge.ts";
import { type CheckWork, concernsUs, isStray } from "./work.ts";

/** Where the changes begin. */
export interface Start {
  /** The commit that the head is compared with; absent: nothing. */
  readonly base?: string;
  /** Of what GitHub lists as changed. */
  readonly strays: readonly string[];
  /** GitHub lists all that differs, and nothing of it is ours. */
  readonly isNothingOurs: boolean;
}

export async function startOf(desk: Desk, { base, head, strays }: CheckWork): Promise<Result<Start>> {
  if (base.kind === "commit") return accept({ base: base.sha, strays, isNothingOurs: false });
  if (base.kind === "nothing") return accept({ strays, isNothingOurs: false });
  const of = base.of ?? (await defaultHead(desk));
  if (of === undefined) return refuse(UNKNOWN_BRANCH);
  const compared = await compareCommits(desk.github, desk.token, { ...desk.place, base: of, head }, desk.run.call);
  if (compared.kind === "denied") return refuse(compared.denial);
  // A 404 is no proof that there is no base: only what a push took away may be gone.
  if (compared.kind === "absent") return base.mayBeGone ? accept({ strays, isNothingOurs: false }) : refuse(NOT_PARTED);
  return accept({ base: compared.value.mergeBase, ...listedIn(compared.value, strays) });
}

function listedIn({ files, isComplete }: Comparison, known: readonly string[]): Omit<Start, "base"> {
  const isOurs = files.some(({ path, formerPath }) => concernsUs(path) || (formerPath && concernsUs(formerPath)));
  const listed = files.filter(({ path, status }) => status !== "removed" && isStray(path)).map(({ path }) => path);
  return { strays: [...new Set([...known, ...listed])].sort(), isNothingOurs: isComplete && !isOurs };
}

async function defaultHead({ github, token, place, run }: Desk): Promise<string | undefined> {
  const objects = [{ expression: "HEAD", fields: "oid" }];
  const [head] = (await queryObjects(github, token, { ...place, objects }, run.call)) ?? [];
  return typeof head === "object" && head !== null && "oid" in head && typeof head.oid === "string"
    ? head.oid
    : undefined;
}

const COMPARE = "GET /repos/{owner}/{repo}/compare/{basehead}";
const NOT_PARTED: Denial = {
  reason: "github_invalid_answer",
  route: COMPARE,
  problem: "it finds no common history of this commit and the default branch",
};
const UNKNOWN_BRANCH: Denial = {
  reason: "github_invalid_answer",
  route: COMPARE,
  problem: "it does not tell the default branch",
};

export interface Changes {
  readonly files: readonly ChangedFile[];
  /** Changed, and not read. */
  readonly unread: readonly string[];
  /** Why they were not. */
  readonly denial?: Denial;
  /** The owner's issuer list as the head has it, in the owner's policy repository. */
  readonly issuerList?: Standing;
}

/** Everything that differs between the policies' folders of the base and the head, but for what is nobody's business here. */
export async function changesOf(
  desk: Desk,
  { base, head }: { readonly base: string | undefined; readonly head: string },
  isPolicyRepository: boolean,
): Promise<Result<Changes>> {
  const commits = [head, ...(base === undefined ? [] : [base])];
  const asked = { ...desk.place, folder: POLICY_DIRECTORY.slice(0, -1), commits };
  const folders = await readFolders(desk.github, desk.token, asked, desk.run.call);
  if (folders.kind === "denied") return refuse(folders.denial);
  const [now, was] = folders.kind === "found" ? folders.value : [];
  if (now === undefined || (base !== undefined && was === undefined)) return refuse(NO_COMMIT);
  const differing = differences(was ?? [], now).filter(({ path }) => isOurs(path, isPolicyRepository));
  const list = isPolicyRepository ? now.find(({ path }) => path === TRUSTED_ISSUERS_NAME) : undefined;
  const entries = [...differing.slice(0, CHECK_FILES_MAX).flatMap(({ before, after }) => [after, before]), list];
  const reader = await readerOf(
    desk,
    entries.filter((entry) => entry !== undefined),
    { head, base },
  );
  const files: ChangedFile[] = [];
  const unread = differing.slice(CHECK_FILES_MAX).map(({ path }) => POLICY_DIRECTORY + path);
  for (const { path, formerPath, before, after } of differing.slice(0, CHECK_FILES_MAX)) {
    const [old, standing] = [before && reader.standing(before, base), after && reader.standing(after, head)];
    const at = { path: POLICY_DIRECTORY + path, ...(formerPath && { formerPath: POLICY_DIRECTORY + formerPath }) };
    if ((before && !old) || (after && !standing)) unread.push(at.path);
    else files.push({ ...at, ...(old && { before: old }), ...(standing && { after: standing }) });
  }
  const issuerList = list && reader.standing(list, head);
  return accept({ files, unread, ...(reader.denial && { denial: reader.denial }), ...(issuerList && { issuerList }) });
}

const NO_COMMIT: Denial = {
  reason: "github_invalid_answer",
  route: "POST /graphql",
  problem: "it does not have a commit of which it told",
};

function isOurs(path: string, isPolicyRepository: boolean): boolean {
  const { role } = roleOfFile(POLICY_DIRECTORY + path, isPolicyRepository);
  return role !== "other" && role !== "test";
}

interface Difference {
  /** From the policies' folder. */
  readonly path: string;
  readonly formerPath?: string;
  readonly before?: FolderEntry;
  readonly after?: FolderEntry;
}

function differences(was: readonly FolderEntry[], now: readonly FolderEntry[]): readonly Difference[] {
  const [old, present] = [byPath(was), byPath(now)];
  const all = [...new Set([...old.keys(), ...present.keys()])].sort().flatMap((path): Difference[] => {
    const [before, after] = [old.get(path), present.get(path)];
    if (before?.sha === after?.sha && before?.mode === after?.mode) return [];
    return [{ path, ...(before && { before }), ...(after && { after }) }];
  });
  return paired(all);
}

/** A folder is what lies in it, unless it stands where a policy would be read. */
const byPath = (entries: readonly FolderEntry[]): ReadonlyMap<string, FolderEntry> =>
  new Map(
    entries.filter(({ type, path }) => type !== "tree" || path.endsWith(POLICY_SUFFIX)).map((one) => [one.path, one]),
  );

/** A policy that is gone and one that is new, of one content: it was renamed. */
function paired(all: readonly Difference[]): readonly Difference[] {
  const isPolicy = ({ path }: Difference) => roleOfFile(POLICY_DIRECTORY + path, false).role === "policy";
  const gone = all.filter((one) => one.before && !one.after && isPolicy(one));
  const taken = new Set<Difference>();
  const renamed = all.map((one) => {
    if (one.before || !one.after || !isPolicy(one)) return one;
    const former = gone.find((other) => !taken.has(other) && other.before?.sha === one.after?.sha);
    if (former?.before === undefined) return one;
    taken.add(former);
    return { ...one, formerPath: former.path, before: former.before };
  });
  return renamed.filter((one) => !taken.has(one));
}

interface StandingReader {
  readonly denial?: Denial;
  /** Undefined: not read. */
  standing(entry: FolderEntry, commit: string | undefined): Standing | undefined;
}

const isLink = ({ mode }: FolderEntry): boolean => mode === "120000";

async function readerOf(
  { github, token, place, run }: Desk,
  entries: readonly FolderEntry[],
  { head, base }: { readonly head: string; readonly base: string | undefined },
): Promise<StandingReader> {
  const blobs = [...new Map(entries.filter(({ type }) => type === "blob").map((one) => [one.sha, one])).values()];
  const callsLeft = () => run.callsLeft - WEBHOOK_CALLS_RESERVED;
  const { found, denial } = await readTexts(github, token, { ...place, blobs, callsLeft }, run.call);
  const targets = new Map<string, Blob | null | undefined>();
  const links = entries.filter(isLink);
  for (const commit of links.length === 0 ? [] : [head, base]) {
    if (commit === undefined) continue;
    const paths = links.map((link) => targetOf(link, found)).filter((path) => path !== undefined);
    const texts = await readTextsAt(github, token, { ...place, commit, paths }, run.call);
    for (const [i, path] of paths.entries()) targets.set(`${commit}:${path}`, texts[i]);
  }
  return {
    ...(denial && { denial }),
    standing(entry, commit) {
      if (entry.type !== "blob") return { kind: entry.type === "tree" ? "folder" : "submodule" };
      if (!isLink(entry)) return found.get(entry.sha);
      if (!found.has(entry.sha)) return undefined;
      const path = targetOf(entry, found);
      const target = path === undefined ? null : targets.get(`${commit}:${path}`);
      if (target === null) return { kind: "dead_link" };
      return target?.kind === "text" ? { ...target, link: path ?? "" } : target;
    },
  };
}

/** Where a link leads, from the root of the repository; undefined: out of it. GitHub follows links to plain files of the repository. */
function targetOf({ path, sha }: FolderEntry, found: ReadonlyMap<string, Blob>): string | undefined {
  const link = found.get(sha);
  if (link?.kind !== "text" || link.text.startsWith("/")) return undefined;
  const segments = (POLICY_DIRECTORY + path).split("/").slice(0, -1);
  for (const segment of link.text.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.join("/");
}
