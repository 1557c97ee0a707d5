/**
 * The owner and name of a repository, from the text of its `.git/config`. Pure.
 */

export interface Origin {
  readonly owner: string;
  readonly repository: string;
}

/** Of the remote `origin`: the last two segments of its address, whatever the host. */
export function originOf(config: string): Origin | undefined {
  const section = /^\[remote "origin"\]\s*$([^[]*)/m.exec(config)?.[1] ?? "";
  const url = /^\s*url\s*=\s*(\S+)\s*$/m.exec(section)?.[1];
  const path = /^(?:(?:https?|ssh|git):\/\/[^/]+\/|[^/@]+@[^/:]+:)(.*)$/.exec(url ?? "")?.[1];
  const [, owner, repository] = /(?:^|\/)([A-Za-z0-9_-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(path ?? "") ?? [];
  return owner === undefined || repository === undefined ? undefined : { owner, repository };
}
