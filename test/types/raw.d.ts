/** Vite gives a file's text for this suffix. */
declare module "*.json?raw" {
  const text: string;
  export default text;
}

declare module "*.md?raw" {
  const text: string;
  export default text;
}
