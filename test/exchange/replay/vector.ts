// The shape of one case of vectors/exchange.json, as vectors/README.md describes it. Types only.

import type { FaultKind } from "../../emulators/core/faults.ts";
import type { IssuerSettings } from "../../emulators/oidc.ts";

export interface PolicyEntry {
  readonly repo?: string;
  readonly name?: string;
  /** Keys over the default policy; null removes. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** The file's text instead. */
  readonly yaml?: string;
}

export interface FileEntry {
  readonly repo: string;
  readonly path: string;
  /** null removes the file. */
  readonly text: string | null;
}

export interface VectorWorld {
  readonly policies?: readonly PolicyEntry[];
  readonly files?: readonly FileEntry[];
  /** Text of trusted-token-issuers.yaml. */
  readonly allow?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly selected?: readonly string[];
  readonly suspended?: boolean;
  readonly no_install?: boolean;
  readonly no_dotgithub?: boolean;
  readonly others?: number;
  readonly bare?: boolean;
  readonly type?: "User" | "Organization";
}

export interface VectorToken {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: unknown;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly alg?: string;
  /** rsa ec ec384 ed, or "issuer:kind". */
  readonly key?: string;
  readonly kid?: string;
  readonly exp?: number;
  readonly iat?: number;
  readonly nbf?: number;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly raw?: string;
  readonly tamper?: string;
}

export interface VectorFault {
  readonly route?: string;
  readonly kind?: FaultKind;
  readonly status?: number;
  readonly times?: number;
  readonly skip?: number;
  readonly match?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly location?: string;
}

/** One change to the world before a step. */
export interface VectorChange {
  readonly policy?: PolicyEntry;
  readonly remove?: { readonly repo?: string; readonly name?: string };
  readonly file?: FileEntry;
  readonly issuer?: IssuerSettings;
  readonly installation?: { readonly id?: number; readonly permissions?: Readonly<Record<string, string>> };
  readonly no_installation?: unknown;
  readonly clear_faults?: unknown;
}

export interface VectorStep {
  readonly scope?: string;
  readonly identity?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: readonly string[];
  readonly token?: VectorToken;
  readonly faults?: readonly VectorFault[];
  readonly do?: readonly VectorChange[];
  readonly timeout_ms?: number;
}

export interface Grant {
  /** "contents:read,metadata:read", sorted. */
  readonly permissions: string;
  /** "app,other", sorted, in GitHub's spelling. */
  readonly repositories: string;
  /** The body of the mint request. */
  readonly requested: unknown;
}

export interface OctoAnswer {
  readonly request: string;
  /** 0: no answer. */
  readonly status: number;
  readonly body: string;
  readonly calls: readonly string[];
  readonly minted?: Partial<Grant>;
}

export interface ExchangeCase {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly world?: VectorWorld;
  readonly issuer?: IssuerSettings;
  readonly token?: VectorToken;
  readonly steps: readonly VectorStep[];
  readonly octo: readonly OctoAnswer[];
}
