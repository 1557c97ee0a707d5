/** One value of a refusal: words, a link to this deployment's GitHub, or a value to the letter, with where it differs from what is wanted. */
import { RichText } from "../parts/rich-text.tsx";

export interface ValueTextProps {
  readonly value: string;
  readonly isProse: boolean;
  /** What the policy has there. */
  readonly wanted: string | undefined;
  /** Of the configured GitHub. */
  readonly webUrl: string;
}

export function ValueText({ value, isProse, wanted, webUrl }: ValueTextProps) {
  if (isProse) return <RichText text={value} />;
  const href = linkOf(value, webUrl);
  if (href !== undefined) {
    return (
      <a href={href} target="_blank" rel="noreferrer">
        {value}
      </a>
    );
  }
  const same = wanted === undefined ? value.length : sameCharacters(value, wanted);
  return (
    <code class="value">
      {value.slice(0, same)}
      {same < value.length && <mark>{value.slice(same)}</mark>}
    </code>
  );
}

/** A refusal that somebody pastes may be made up: it leads nowhere but to the GitHub of this deployment. */
function linkOf(value: string, webUrl: string): string | undefined {
  if (value.startsWith(`${webUrl}/`)) return value;
  const [, owner, repository, path, line] = FILE.exec(value) ?? [];
  if (path === undefined) return undefined;
  return `${webUrl}/${owner}/${repository}/blob/HEAD/${path}${line === undefined ? "" : `#L${line}`}`;
}

const FILE = /^([\w-]+)\/([\w.-]+)\/(\.github\/chainguard\/[\w./-]+\.yaml)(?::(\d+))?$/;

/** Whole code points. */
function sameCharacters(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  const at = left.findIndex((character, index) => character !== right[index]);
  return at < 0 ? one.length : left.slice(0, at).join("").length;
}
