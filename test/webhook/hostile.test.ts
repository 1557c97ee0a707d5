// Whoever opens a pull request chooses names, texts, links and how many there are. What that costs the owner's quota and the isolate is
// bounded; nothing of it passes unseen, and nothing ends a check without a word.

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { FileContent } from "../emulators/github/git.ts";
import { reset } from "../support/storage.ts";
import { CHAINGUARD, createWebhookWorld, type WebhookWorld } from "../support/webhook-world.ts";

beforeEach(() => reset());

const POLICY = `${CHAINGUARD}/ci.sts.yaml`;
const good = (owner: string, i = 0) =>
  `issuer: https://token.actions.githubusercontent.com\nsubject: repo:${owner}/app:ref:refs/heads/r${i}\npermissions:\n  contents: read\n`;
type Files = Readonly<Record<string, FileContent>>;
const many = (count: number, content: (i: number) => FileContent): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, content(i)]));
/** As long as a policy may be; the number makes it differ. */
const large = (owner: string, i: number): string => `# ${"x".repeat(65_000)}\n${good(owner, i)}`;

/** What a pull request of a fork's costs at most, whatever is in it: mint, comparison, runs, reading, owner's list, report. */
const CALLS_MAX = 30;

const outcomes = ({ worker }: WebhookWorld) =>
  worker.logs.filter(({ type, what }) => type === "webhook" && what === "bug");

describe("a pull request of a fork's with", () => {
  const HOSTILE: Readonly<Record<string, (owner: string) => Files>> = {
    "links without end": () => ({
      ...many(60, () => ({ symlink: "../../shared.yaml" })),
      "shared.yaml": "issuer: x\n",
    }),
    "links with names that may stand in no URL": () => ({
      [`${CHAINGUARD}/a\n/../b.sts.yaml`.replace("/../", "%2f..%2f")]: { symlink: "../../shared.yaml" },
      [`${CHAINGUARD}/ü?#.sts.yaml`]: { symlink: "../../shared.yaml" },
      [`${CHAINGUARD}/-.yaml`]: { symlink: "x" },
    }),
    "links to themselves, to each other, to folders and out": () => ({
      [`${CHAINGUARD}/a.sts.yaml`]: { symlink: "a.sts.yaml" },
      [`${CHAINGUARD}/b.sts.yaml`]: { symlink: "c.sts.yaml" },
      [`${CHAINGUARD}/c.sts.yaml`]: { symlink: "b.sts.yaml" },
      [`${CHAINGUARD}/d.sts.yaml`]: { symlink: ".." },
      [`${CHAINGUARD}/e.sts.yaml`]: { symlink: "../../../../etc/passwd" },
      [`${CHAINGUARD}/f.sts.yaml`]: { symlink: "/etc/passwd" },
      [`${CHAINGUARD}/g.sts.yaml`]: { symlink: "\u0000\n<!-- verdict -->" },
    }),
    "texts that GraphQL does not give": () => many(60, (i) => Uint8Array.of(0x23, 0xe4, i, 0x0a)),
    "more text than is judged": (owner) => many(60, (i) => large(owner, i)),
    "one large text in many places": (owner) => many(60, () => large(owner, 0)),
    "more errors than are annotated": () =>
      many(60, (i) => Array.from({ length: 99 }, (_, k) => `k${i}_${k}: x`).join("\n")),
    "folders too deep for one query": (owner) => ({
      [`${CHAINGUARD}/a/b/c/d/e/f/g.sts.yaml`]: "issuer: x\n",
      ...many(60, (i) => large(owner, i)),
    }),
  };

  it.each(Object.entries(HOSTILE))("%s costs few calls, and fails", async (_name, filesOf) => {
    const made = await createWebhookWorld();
    await made.pull(filesOf(made.owner));
    expect(made.network.calls.length).toBeLessThanOrEqual(CALLS_MAX);
    expect([made.onlyRun().status, made.onlyRun().conclusion]).toEqual(["completed", "failure"]);
    expect(made.onlyRun().annotations.length).toBeLessThanOrEqual(200);
    expect(outcomes(made)).toEqual([]);
  });

  it("more text than is judged names what was not looked at, also where the texts are one", async () => {
    for (const same of [false, true]) {
      const { pull, onlyRun, owner } = await createWebhookWorld();
      await pull(many(60, (i) => large(owner, same ? 0 : i)));
      expect(onlyRun().title).toMatch(/^28 files not checked; access widens for 32 identities/);
      expect(onlyRun().summary).toContain("there is more to read than one delivery may; change fewer files at once");
    }
  });

  it("many files deleted and made again is told as renames, in no time", async () => {
    const { pull, onlyRun, network, repository, owner } = await createWebhookWorld();
    const files = many(500, (i) => good(owner, i));
    network.github.commit(repository, { files });
    const moved = Object.entries(files).flatMap(([path, text]) => [
      [path, null],
      [path.replace("/p", "/q"), text],
    ]);
    await pull(Object.fromEntries(moved));
    expect(onlyRun().title).toBe("Valid; access changes for 500 identities");
  });
});

it("a bug that a policy brings to light is in the log, and the run says that the check failed", async () => {
  const made = await createWebhookWorld();
  const digest = vi.spyOn(crypto.subtle, "digest");
  // The ids of texts are the only SHA-1 here.
  digest.mockImplementation(() => {
    throw new TypeError("a bug");
  });
  await made.pull({ [POLICY]: good(made.owner) });
  digest.mockRestore();
  expect([made.onlyRun().conclusion, made.onlyRun().title]).toEqual(["failure", "Trust policies could not be checked"]);
  expect(made.onlyRun().summary).toContain("the check itself failed, and the log of this service says where");
  expect(outcomes(made)).toHaveLength(1);
});
