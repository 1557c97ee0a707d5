// Numbers in the names of what tests make, so that no two are alike. They begin anew with each test file: files share an isolate in
// whatever order the machine happens to run them, and what a name decides (an App by its hash, say) must be the same in every run.

const last = new Map<string, number>();

/** 1, 2, 3 and so on, of each kind. */
export function nextNumber(kind: "delivery" | "issuer" | "topic" | "world"): number {
  const number = (last.get(kind) ?? 0) + 1;
  last.set(kind, number);
  return number;
}

export const restartNumbers = (): void => last.clear();
