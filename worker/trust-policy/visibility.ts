/**
 * Whether a repository of policies is public: what is remembered with a policy was true some minutes ago, and opens explanations to
 * strangers. So it counts for a minute, and is then asked anew.
 */
import type { GitHub } from "../github/github.ts";
import { MEMORY_ENTRIES_MAX, VISIBILITY_FRESH_MS } from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import type { PolicyAccess } from "./apps.ts";
import type { AccessCall } from "./read-access.ts";

interface Known {
  readonly isPublic: boolean;
  /** When GitHub was asked, in ms. */
  readonly askedAt: number;
}

export interface VisibilityDeps {
  readonly github: GitHub;
  readonly now: () => number;
}

export class Visibility {
  readonly #deps: VisibilityDeps;
  /** By the repository's number: GitHub has it in every answer to a mint. */
  readonly #known = new BoundedMap<Known>(MEMORY_ENTRIES_MAX);

  constructor(deps: VisibilityDeps) {
    this.#deps = deps;
  }

  learn(repositoryId: number, known: Known): void {
    this.#known.set(String(repositoryId), known);
  }

  /** Costs one call a minute, for a token that is revoked like every read token. What GitHub does not say is not public. */
  async isPublic(
    { target, policy, app, installation }: PolicyAccess,
    repositoryId: number,
    call: AccessCall,
  ): Promise<boolean> {
    const { github, now } = this.#deps;
    const known = this.#known.get(String(repositoryId));
    const isVoid = known === undefined || known.askedAt < policy.recalled.voidBefore.known();
    if (!isVoid && now() - known.askedAt < VISIBILITY_FRESH_MS) return known.isPublic;
    const askedAt = now();
    const minted = await github.mintReadToken(app, installation, [target.repository], call);
    if (!minted.ok) return false;
    call.minted(minted.value.token);
    const { repositories } = minted.value;
    const isPublic = repositories !== "all" && repositories.some((one) => one.id === repositoryId && one.public);
    this.learn(repositoryId, { isPublic, askedAt });
    return isPublic;
  }
}
