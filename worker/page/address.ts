/** The address's fragment: which view is open, and its state. Pure. */

export interface Address {
  readonly view: string;
  readonly state: URLSearchParams;
}

/** Undefined for a fragment that names no view, such as that of a heading. */
export function readAddress(fragment: string): Address | undefined {
  if (fragment === "" || fragment === "#") return { view: "", state: new URLSearchParams() };
  const [, view, state] = /^#\/([^?]*)(?:\?(.*))?$/s.exec(fragment) ?? [];
  return view === undefined ? undefined : { view, state: new URLSearchParams(state) };
}

export function writeAddress({ view, state }: Address): string {
  const text = state.toString();
  return `#/${view}${text === "" ? "" : `?${text}`}`;
}
