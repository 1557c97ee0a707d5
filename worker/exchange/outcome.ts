/** What an exchange is given and what it comes to: plain data, whatever wire it came by. */
import type { Denial, Result, Viewer } from "../denial.ts";
import type { AuditEvent } from "../event.ts";
import type { Scope } from "../trust-policy/target.ts";

export interface ExchangeRequest {
  readonly scope: Scope;
  readonly identity: string;
  readonly downscoping: Downscoping;
  /** All but the mint, to learn what would come of it. */
  readonly dryRun: boolean;
  /** A compact JWT, so far only text. */
  readonly bearer: string;
}

/** What a caller asks for beyond the scope; absent is "all that the policy grants". */
export interface Downscoping {
  /** Name -> level. */
  readonly permissions?: ReadonlyMap<string, string>;
  readonly repositories?: readonly string[];
}

export interface Incoming {
  readonly requestId: string;
  readonly route: AuditEvent["route"];
  /** Cloudflare's location that took it. */
  readonly colo?: string | undefined;
  /** The caller's own word of the trace that this is part of (W3C Trace Context). */
  readonly traceparent?: string | undefined;
  /** The caller's address as a key for limits. */
  readonly caller: string;
  readonly userAgent?: string | undefined;
  /** Whether the caller left. */
  hasLeft(): boolean;
  /** Step 1, in the words of the wire that it came by. */
  read(): Promise<Result<ExchangeRequest>>;
  /** A refusal in one line, as whoever may know everything is told. */
  describe(denial: Denial): string;
  /** Takes work that outlives the answer (`waitUntil`). */
  waitUntil(work: Promise<unknown>): void;
}

export interface Granted {
  readonly kind: "granted";
  /** How long each step took, with DEBUG_TIMING only. */
  readonly stepsMs?: AuditEvent["steps_ms"];
  readonly token: string;
  /** RFC 3339, as GitHub says it. */
  readonly expiresAt: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories: readonly string[] | "all";
  readonly policy: { readonly path: string; readonly sha: string };
  /** Who acts with the token, as far as it is known. */
  readonly app: { readonly slug?: string | undefined; readonly botId?: string | undefined };
}

/** Of a dry run, whose request would be granted as far as anybody but GitHub's mint can know. */
export interface WouldGrant extends Pick<Granted, "stepsMs" | "permissions" | "repositories" | "policy"> {
  readonly kind: "would_grant";
}

export interface Refused {
  readonly kind: "refused";
  readonly stepsMs?: AuditEvent["steps_ms"];
  readonly denial: Denial;
  readonly viewer: Viewer;
  readonly owner?: string | undefined;
  readonly identity?: string | undefined;
}

export type ExchangeOutcome = Granted | WouldGrant | Refused;
