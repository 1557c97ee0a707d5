// Workers KV as a map: as much of a namespace as the Worker uses. Runs anywhere.

export function memoryKv(stored = new Map<string, string>()) {
  const read = (key: string): unknown => JSON.parse(stored.get(key) ?? "null");
  return {
    get: async (asked: string | readonly string[]): Promise<unknown> =>
      typeof asked === "string" ? read(asked) : new Map(asked.map((key) => [key, read(key)])),
    put: async (key: string, value: string): Promise<void> => void stored.set(key, value),
  };
}
