/** JSON objects as JSON.parse gives them, whatever their members are called. Pure. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object's own member, undefined for any other value: `__proto__` and `constructor` are legal names in what strangers send, and must find nothing else. */
export function ownProperty<T>(object: Readonly<Record<string, T>>, name: string): T | undefined;
export function ownProperty(value: unknown, name: string): unknown;
export function ownProperty(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
