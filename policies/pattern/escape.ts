/** Text -> the pattern that matches it alone. Pure. */

export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
