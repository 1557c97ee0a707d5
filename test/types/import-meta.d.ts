/** What Vite puts there for tests: variables of the environment whose names begin with VITE_. */
interface ImportMeta {
  readonly env: Readonly<Record<string, string | undefined>>;
}
