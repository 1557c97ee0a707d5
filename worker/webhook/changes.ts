/**
 * Which policy files a commit changes, and what stands at each of them before and after. GitHub's lists of changed files are relied on
 * only where they say that nothing of ours differs, and are complete; else the folders of both commits are compared entry by entry.
 */
import {
  isPolicyPath,
  POLICY_DIRECTORY,
  POLICY_SUFFIX,
  roleOfFile,
  TRUSTED_ISSUERS_NAME,
} from "../../policies/file-names.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { readFile } from "../github/contents.ts";
import { readFolders } from "../github/folders.ts";
import { type Comparison, compareCommits, type TreeEntry } from "../github/git.ts";
import { readTexts } from "../github/texts.ts";
import {
  CHECK_BYTES_MAX,
  CHECK_FILES_MAX,
  POLICY_MAX_BYTES,
  SINGLE_TEXTS_MAX,
  WEBHOOK_CALLS_RESERVED,
} from "../limits.ts";
import type { CheckClient } from "./client.ts";
import { type CheckRequest, concernsPolicies, isMisplaced } from "./events.ts";
import type { ChangedFile, FileState } from "./judge.ts";

/** Where the changes begin. */
export interface Baseline {
  /** The commit that the head is compared with; absent: nothing. */
  readonly base?: string;
  /** Of what GitHub lists as changed. */
  readonly misplaced: readonly ChangedFile[];
  /** GitHub lists all that differs, and nothing of it is ours. */
  readonly touchesNoPolicy: boolean;
}

export async function baselineOf(
  { github, token, place, run }: CheckClient,
  { base, head, misplaced }: CheckRequest,
): Promise<Result<Baseline>> {
  const known = { misplaced: misplacedFiles(misplaced), touchesNoPolicy: false };
  if (base.kind === "commit") return accept({ base: base.sha, ...known });
  if (base.kind === "nothing") return accept(known);
  const compared = await compareCommits(github, token, { ...place, base: base.ref, head }, run.call);
  if (compared.kind === "denied") return refuse(compared.denial);
  // A 404 is no proof that there is no base: only what a push took away may be gone.
  if (compared.kind === "absent") return base.mayBeGone ? accept(known) : refuse(NOT_PARTED);
  return accept({ base: compared.value.mergeBase, ...listedIn(compared.value, misplaced) });
}

function listedIn({ files, isComplete }: Comparison, known: readonly string[]): Omit<Baseline, "base"> {
  const isOurs = files.some(({ path, formerPath = "" }) => concernsPolicies(path) || concernsPolicies(formerPath));
  const listed = files.filter(({ path, status }) => status !== "removed" && isMisplaced(path)).map(({ path }) => path);
  return { misplaced: misplacedFiles([...known, ...listed]), touchesNoPolicy: isComplete && !isOurs };
}

/** A policy elsewhere in a repository may be an example: worth saying, and its text is nobody's business. */
const misplacedFiles = (paths: readonly string[]): readonly ChangedFile[] =>
  [...new Set(paths)].sort().map((path) => ({ path, after: NEVER_READ }));

const NOT_PARTED: Denial = {
  reason: "github_invalid_answer",
  route: "GET /repos/{owner}/{repo}/compare/{basehead}",
  problem: "it finds no common history of this commit and the default branch",
};

export interface Changes {
  readonly files: readonly ChangedFile[];
  /** Changed, and not read. */
  readonly unread: readonly string[];
  /** Why they were not. */
  readonly denial?: Denial;
  /** The owner's issuer list as the head has it, in the owner's policy repository. */
  readonly issuerList?: FileState;
}

/** Everything that differs between the policies' folders of the base and the head, but for what is nobody's business here. */
export async function changesOf(client: CheckClient, head: string, base: string | undefined): Promise<Result<Changes>> {
  const { isPolicyRepository } = client;
  const commits = [head, ...(base === undefined ? [] : [base])];
  const asked = { ...client.place, folder: POLICY_DIRECTORY.slice(0, -1), commits };
  const folders = await readFolders(client.github, client.token, asked, client.run.call);
  if (folders.kind === "denied") return refuse(folders.denial);
  const [now, was] = folders.kind === "found" ? folders.value : [];
  if (now === undefined || (base !== undefined && was === undefined)) return refuse(NO_COMMIT);
  const isOurs = ({ path }: Difference) => isPolicyPath(POLICY_DIRECTORY + path, isPolicyRepository);
  const differing = differences(was ?? [], now).filter(isOurs);
  const list = isPolicyRepository ? now.find(({ path }) => path === TRUSTED_ISSUERS_NAME) : undefined;
  const readable = differing.slice(0, readableCount(differing));
  const wanted = new Map<TreeEntry, string>(list ? [[list, head]] : []);
  for (const { before, after } of readable) {
    if (after) wanted.set(after, head);
    if (before && base !== undefined) wanted.set(before, base);
  }
  const { states, denial } = await readStates(client, wanted);
  const files: ChangedFile[] = [];
  const unread = differing.slice(readable.length).map(({ path }) => POLICY_DIRECTORY + path);
  for (const { path, formerPath, before, after } of readable) {
    const [old, state] = [before && states.get(before), after && states.get(after)];
    const at = { path: POLICY_DIRECTORY + path, ...(formerPath && { formerPath: POLICY_DIRECTORY + formerPath }) };
    if ((before && !old) || (after && !state)) unread.push(at.path);
    else files.push({ ...at, ...(old && { before: old }), ...(state && { after: state }) });
  }
  const issuerList = list && states.get(list);
  return accept({ files, unread, ...(denial && { denial }), ...(issuerList && { issuerList }) });
}

const NO_COMMIT: Denial = {
  reason: "github_invalid_answer",
  route: "POST /graphql",
  problem: "it does not have a commit that it named",
};

interface Difference {
  /** From the policies' folder. */
  readonly path: string;
  readonly formerPath?: string;
  readonly before?: TreeEntry;
  readonly after?: TreeEntry;
}

function differences(was: readonly TreeEntry[], now: readonly TreeEntry[]): readonly Difference[] {
  const [old, present] = [byPath(was), byPath(now)];
  const all = [...new Set([...old.keys(), ...present.keys()])].sort().flatMap((path): Difference[] => {
    const [before, after] = [old.get(path), present.get(path)];
    if (before?.sha === after?.sha && before?.mode === after?.mode) return [];
    return [{ path, ...(before && { before }), ...(after && { after }) }];
  });
  return paired(all);
}

/** A folder is what lies in it, unless it stands where a policy would be read. */
const byPath = (entries: readonly TreeEntry[]): ReadonlyMap<string, TreeEntry> =>
  new Map(
    entries.filter(({ type, path }) => type !== "tree" || path.endsWith(POLICY_SUFFIX)).map((one) => [one.path, one]),
  );

/** A policy that is gone and one that is new, of one content: it was renamed. */
function paired(all: readonly Difference[]): readonly Difference[] {
  const isPolicy = ({ path }: Difference) => roleOfFile(POLICY_DIRECTORY + path, false).role === "policy";
  const gone = Map.groupBy(
    all.filter((one) => one.before && !one.after && isPolicy(one)),
    ({ before }) => before?.sha ?? "",
  );
  const taken = new Set<Difference>();
  const renamed = all.map((one) => {
    const former = one.before || !isPolicy(one) ? undefined : gone.get(one.after?.sha ?? "")?.shift();
    if (former?.before === undefined) return one;
    taken.add(former);
    return { ...one, formerPath: former.path, before: former.before };
  });
  return renamed.filter((one) => !taken.has(one));
}

/** How many of them one delivery may read. */
function readableCount(differing: readonly Difference[]): number {
  let bytes = 0;
  const end = differing.findIndex(({ before, after }) => {
    bytes += sizeOf(before) + sizeOf(after);
    return bytes > CHECK_BYTES_MAX;
  });
  return Math.min(end < 0 ? differing.length : end, CHECK_FILES_MAX);
}

/** What is larger than a policy may be is not read. */
const sizeOf = (entry: TreeEntry | undefined): number =>
  entry?.size !== undefined && entry.size <= POLICY_MAX_BYTES && isRead(entry.path) ? entry.size : 0;

interface FileStates {
  /** What is missing was not read. */
  readonly states: ReadonlyMap<TreeEntry, FileState>;
  /** Why reading ended early. */
  readonly denial?: Denial;
}

async function readStates(client: CheckClient, wanted: ReadonlyMap<TreeEntry, string>): Promise<FileStates> {
  const { github, token, place, run } = client;
  const callsLeft = () => run.callsLeft - WEBHOOK_CALLS_RESERVED;
  const entries = [...wanted.keys()].filter(({ type, path }) => type === "blob" && isRead(path));
  const blobs = [...new Map(entries.map((entry) => [entry.sha, entry])).values()];
  const { found, denial } = await readTexts(github, token, { ...place, blobs, callsLeft }, run.call);
  const states = new Map<TreeEntry, FileState>();
  let links = 0;
  for (const [entry, commit] of wanted) {
    const text = isRead(entry.path) ? found.get(entry.sha) : NEVER_READ;
    if (entry.type !== "blob") states.set(entry, { kind: entry.type === "tree" ? "folder" : "submodule" });
    else if (text !== undefined && (text === NEVER_READ || entry.mode !== LINK)) states.set(entry, text);
    else if (text !== undefined && callsLeft() > 0 && links < SINGLE_TEXTS_MAX) {
      links += 1;
      const linked = await readLinked(client, entry.path, commit);
      if ("denial" in linked) return { states, denial: linked.denial };
      states.set(entry, linked.kind === "text" && text.kind === "text" ? { ...linked, link: text.text } : linked);
    }
  }
  return { states, ...(denial && { denial }) };
}

const LINK = "120000";
/** Of a file whose name says all that is to be said of it. Whoever opens a pull request chooses it, and it may go into no URL. */
const NEVER_READ: FileState = { kind: "text", text: "" };

function isRead(path: string): boolean {
  const { role } = roleOfFile(POLICY_DIRECTORY + path, true);
  return role === "policy" || role === "trusted_issuers";
}

/** As an exchange would read it: GitHub follows links to plain files of the repository. */
async function readLinked(
  { github, token, place, run }: CheckClient,
  path: string,
  ref: string,
): Promise<FileState | { readonly denial: Denial }> {
  const file = await readFile(github, token, { ...place, path: POLICY_DIRECTORY + path, ref }, run.call);
  if (file.kind === "denied") return file;
  if (file.kind === "absent" || file.value.kind === "not_a_file" || file.value.kind === "directory") {
    return { kind: "dead_link" };
  }
  return file.value.kind === "file" ? { kind: "text", text: file.value.text } : { kind: file.value.kind };
}
