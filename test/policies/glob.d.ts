/** Vite replaces the call by the files' texts, by path, in both runtimes of the tests. */
interface ImportMeta {
  glob(
    pattern: string | readonly string[],
    options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true },
  ): Record<string, string>;
}
