import { beforeAll, describe, expect, it } from "vitest";
import { ALL_ALGORITHMS, ISSUER } from "../support/signer.ts";
import { makeValid, mutationsOf, type Valid } from "./mutations.ts";
import type { VerifierWorld } from "./verifier.ts";
import { createVerifierWorld, outcomeOf } from "./verifier.ts";

describe.each(ALL_ALGORITHMS)("a valid %s token, changed", (alg) => {
  const mutations = mutationsOf(alg);
  let world: VerifierWorld;
  let valid: Valid;

  beforeAll(async () => {
    world = createVerifierWorld();
    valid = await makeValid(alg);
    // Without `alg` at the key, only its kind and the signature itself stand between one algorithm and the next.
    world.network.publish(ISSUER, [{ ...valid.signer.publicJwk, alg: undefined }], {
      id_token_signing_alg_values_supported: ALL_ALGORITHMS,
    });
  });

  it("was valid", async () => {
    expect(await outcomeOf(world, valid.token)).toBe("accepted");
  });

  it("has at least 25 changes of different names", () => {
    expect(new Set(mutations.map((mutation) => mutation.name)).size).toBe(mutations.length);
    expect(mutations.length).toBeGreaterThanOrEqual(25);
  });

  it.each(mutations)("$name", async ({ make, reason }) => {
    const token = await make(valid);
    expect(token).not.toBe(valid.token);
    expect(await outcomeOf(world, token)).toBe(reason);
  });
});
