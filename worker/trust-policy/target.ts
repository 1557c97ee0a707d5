/** A scope and an identity as places: where the policy and the issuer allow-list lie, and under which keys they are kept. Pure. */
import { POLICY_DIRECTORY, POLICY_SUFFIX, TRUSTED_ISSUERS_NAME } from "../../policies/file-names.ts";
import type { PolicyKind } from "../../policies/parse.ts";
import type { CacheKey } from "../store/cache.ts";

export interface Scope {
  readonly owner: string;
  /** Absent for the owner's own scope. */
  readonly repository?: string;
}

// Joined, not concatenated: both stand in every audit event, whose JSON is slow to write of concatenations.
export const scopeText = ({ owner, repository }: Scope): string =>
  repository === undefined ? owner : [owner, repository].join("/");

/** Where the policy lies and how it is read. */
export interface Target {
  readonly scope: Scope;
  readonly repository: string;
  readonly identity: string;
  readonly kind: PolicyKind;
  /** In the repository. */
  readonly path: string;
  /** `owner/repository/path`, as callers are told it. */
  readonly fullPath: string;
}

export const ALLOW_LIST_PATH = `${POLICY_DIRECTORY}${TRUSTED_ISSUERS_NAME}`;

/** An owner's own scope, and its policy repository in any case, hold organisation policies, as in octo-sts. */
export function targetOf(scope: Scope, identity: string, orgPolicyRepo: string): Target {
  const repository = scope.repository ?? orgPolicyRepo;
  const kind = repository.toLowerCase() === orgPolicyRepo.toLowerCase() ? "organization" : "repository";
  const path = `${POLICY_DIRECTORY}${identity}${POLICY_SUFFIX}`;
  return { scope, repository, identity, kind, path, fullPath: [scope.owner, repository, path].join("/") };
}

/** GitHub compares owners and repositories without case, and identities (paths) with it. */
export const policyKey = ({ kind, scope, repository, identity }: Target): CacheKey => [
  kind,
  scope.owner.toLowerCase(),
  repository.toLowerCase(),
  identity,
];

/** Which Apps may read the list is part of what was read: one that cannot see it finds none. */
export const allowListKey = (owner: string, policyRepository: string, appIds: readonly string[]): CacheKey => [
  owner.toLowerCase(),
  policyRepository.toLowerCase(),
  [...appIds].sort().join(),
];
