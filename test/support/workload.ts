// A workload: a private repository's workflow on main that asks for a token, and every way in which a test lets it ask otherwise.

import type { Issuer, SignOptions } from "../emulators/oidc.ts";

export const ACTIONS = "https://token.actions.githubusercontent.com";
export const DOMAIN = "sts.example.com";

export interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly scope?: string | null;
  readonly identity?: string | null;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole Authorization header; null leaves it out. */
  readonly authorization?: string | null;
  /** Claims over those of the usual workload; null removes. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly sign?: SignOptions;
  /** Whose token; the Actions issuer by default. */
  readonly issuer?: Issuer;
  readonly signal?: AbortSignal;
}

export interface Workload {
  readonly owner: string;
  readonly ownerId: number;
  readonly actions: Issuer;
}

/** The policy that trusts the workload. */
export const POLICY = (owner: string, issuer = ACTIONS): string =>
  `issuer: ${issuer}\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  issues: write\n`;

export function claimsOf({ owner, ownerId }: Pick<Workload, "owner" | "ownerId">): Readonly<Record<string, unknown>> {
  return {
    sub: `repo:${owner}/app:ref:refs/heads/main`,
    aud: DOMAIN,
    repository: `${owner}/app`,
    repository_owner: owner,
    repository_owner_id: String(ownerId),
    repository_visibility: "private",
    ref: "refs/heads/main",
  };
}

export async function requestOf(workload: Workload, asking: Asking): Promise<Request> {
  const { method = "GET", path = "/sts/exchange", scope = `${workload.owner}/app`, identity = "deploy" } = asking;
  const issuer = asking.issuer ?? workload.actions;
  const query = new URLSearchParams({
    ...(scope === null ? {} : { scope }),
    ...(identity === null ? {} : { identity }),
    ...asking.query,
  });
  const token =
    asking.authorization === undefined
      ? await issuer.sign({ ...claimsOf(workload), ...asking.claims }, asking.sign)
      : undefined;
  const authorization = token === undefined ? asking.authorization : `Bearer ${token}`;
  return new Request(`https://${DOMAIN}${path}?${query}`, {
    method,
    headers: { ...(authorization ? { Authorization: authorization } : {}), ...asking.headers },
    ...(asking.body === undefined ? {} : { body: asking.body }),
    ...(asking.signal ? { signal: asking.signal } : {}),
  });
}
