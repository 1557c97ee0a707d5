// The two processes that are measured: the Worker as it is deployed, and the floors; each a bare workerd of its own in one world.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { appKeys } from "../../emulators/core/keys.ts";
import { type Process, startProcess } from "../../support/workerd/process.ts";
import { claimsOf, DOMAIN } from "../../support/workload.ts";
import { buildBundle } from "./bundle.ts";
import { type Load, send } from "./load.ts";
import { Outside } from "./outside.ts";

const ROOT = join(import.meta.dirname, "../../..");
const OWNER = { owner: "acme", ownerId: 5001 };
const POLICIES = ".github/chainguard/";
/** No two requests in a row show the same token. */
const TOKENS = 64;

const policyOf = (issuer: string, refs: string): string =>
  `issuer: ${issuer}\nsubject_pattern: repo:acme/app:.*\nclaim_pattern:\n  ref: refs/heads/(${refs})\npermissions:\n  contents: read\n`;

/** One process under one kind of load. */
export interface Subject {
  readonly process: Process;
  readonly load: Load;
}

export const KINDS = ["warm", "refused", "new policy"] as const;
export type Kind = (typeof KINDS)[number];

/** What the floors of worker/README.md, "What it costs", do beside the token's signature. */
export const FLOORS = { A: "/a", B: "/b", C: "/c", D: "/d" } as const;
export type Floor = keyof typeof FLOORS;

export const FLOORS_OF: Readonly<Record<Kind, readonly Floor[]>> = {
  warm: ["B"],
  refused: ["A"],
  "new policy": ["C", "D"],
};

export interface Subjects {
  readonly ours: Readonly<Record<Kind, Subject>>;
  readonly floors: Readonly<Record<Floor, Subject>>;
  readonly outside: Outside;
  /** What one exchange by a new policy asks of GitHub and of KV. */
  readonly ofNewPolicy: { readonly calls: number; readonly kv: number };
  close(): Promise<void>;
}

export async function startSubjects(): Promise<Subjects> {
  const outside = await Outside.open();
  const { variables, bearers, jwk } = await populate(outside);
  const { script } = await buildBundle();
  const { kvAddress } = outside;
  const ours = await startProcess({ variables, kvAddress, script });
  const bearerOf = (n: number): string => bearers[n % TOKENS] ?? "";
  const asking = (identityOf: (n: number) => string, status: number): Subject => ({
    process: ours,
    load: {
      asks: (n) => ({ target: `/sts/exchange?scope=acme/app&identity=${identityOf(n)}`, bearer: bearerOf(n) }),
      status,
    },
  });
  const subjects = {
    warm: asking(() => "deploy", 200),
    refused: asking(() => "release", 403),
    "new policy": asking((n) => `new-${n}`, 200),
  };
  const heard = await record(outside, subjects);
  const floors = await startProcess({
    variables: {
      ISSUER: variables.KNOWN_ISSUERS ?? "",
      AUDIENCE: DOMAIN,
      JWK: jwk,
      WARM: JSON.stringify(heard.warm.calls),
      NEW: JSON.stringify(heard["new policy"].calls),
      NEW_KV: JSON.stringify(heard["new policy"].kv),
    },
    kvAddress,
    script: await bundleOfFloors(),
  });
  const floor = (target: string): Subject => ({
    process: floors,
    load: { asks: (n) => ({ target, bearer: bearerOf(n) }), status: 200 },
  });
  return {
    ours: subjects,
    floors: { A: floor(FLOORS.A), B: floor(FLOORS.B), C: floor(FLOORS.C), D: floor(FLOORS.D) },
    outside,
    ofNewPolicy: { calls: heard["new policy"].calls.length, kv: heard["new policy"].kv.length },
    close: async () => {
      await Promise.all([ours.stop(), floors.stop()]);
      await outside.close();
    },
  };
}

async function populate({ network: { github, issuers } }: Outside) {
  const { publicKey, privateKeyPem } = await appKeys();
  const issuer = issuers.issuer("", { keys: ["rsa"] });
  github.addOrganization(OWNER.owner, { id: OWNER.ownerId });
  const files = {
    [`${POLICIES}deploy.sts.yaml`]: policyOf(issuer.url, "main|release-.+"),
    [`${POLICIES}release.sts.yaml`]: policyOf(issuer.url, "release-.+"),
    [`${POLICIES}new-0.sts.yaml`]: policyOf(issuer.url, "main|release-0"),
  };
  github.addRepository("acme/app", { files });
  github.addRepository("acme/.github");
  github.addApp({ id: 7, publicKeys: [publicKey] });
  github.install({ app: 7, owner: OWNER.owner, permissions: { contents: "write" } });
  const variables: Readonly<Record<string, string>> = {
    STS_DOMAIN: DOMAIN,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_APP_ID: "7",
    GITHUB_APP_PRIVATE_KEY: privateKeyPem,
    KNOWN_ISSUERS: issuer.url,
    ALLOW_LOOPBACK: "true",
  };
  // As many claims as GitHub Actions puts into a token.
  const example = await readFile(join(ROOT, "policies/examples/github-actions-branch/claims.json"), "utf8");
  const { iss: _, iat: __, nbf: ___, exp: ____, ...claims } = { ...JSON.parse(example), ...claimsOf(OWNER) };
  const bearers: string[] = [];
  for (let n = 0; n < TOKENS; n++) bearers.push(await issuer.sign({ ...claims, run_id: String(n) }, { exp: 7_200 }));
  const [jwk] = (await issuer.jwks()).keys;
  return { variables, bearers, jwk: JSON.stringify(jwk) };
}

/** Asks once for everything, so that it can be played back; then once more, to hear what each kind asks for by itself. */
async function record(outside: Outside, subjects: Readonly<Record<Kind, Subject>>) {
  const { process, load } = subjects["new policy"];
  for (const kind of ["warm", "refused"] as const) await send(process.port, subjects[kind].load, 1);
  const heard = {
    warm: await heardOf(outside, subjects.warm),
    "new policy": await heardOf(outside, { process, load }),
  };
  const issuer = outside.network.issuers.issuer("").url;
  outside.replay((path) => {
    const number = /\/contents\/\.github\/chainguard\/new-(\d+)\.sts\.yaml$/.exec(path)?.[1];
    if (number === undefined) return undefined;
    return { path: `${POLICIES}new-${number}.sts.yaml`, text: policyOf(issuer, `main|release-${number}`) };
  });
  return heard;
}

async function heardOf(outside: Outside, { process, load }: Subject) {
  await outside.idle();
  outside.forget();
  await send(process.port, load, 1);
  await outside.idle();
  return { calls: [...outside.calls], kv: [...outside.kvCalls] };
}

async function bundleOfFloors(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "floors.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker", "browser"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
