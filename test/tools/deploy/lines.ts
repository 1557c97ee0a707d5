// One key of a TOML file that a person writes as well: comments, and all that is not ours, stay as they are. Pure.

/** `table` undefined: above the first table. `value` is TOML on one line; undefined takes the key away. */
export function withKey(toml: string, table: string | undefined, key: string, value: string | undefined): string {
  const lines = toml.replace(/\n+$/, "").split("\n");
  const line = `${key} = ${value}`;
  const start = table === undefined ? 0 : lines.findIndex((one) => one.trim() === `[${table}]`) + 1;
  if (table !== undefined && start === 0)
    return value === undefined ? toml : textOf([...lines, "", `[${table}]`, line]);
  const next = lines.findIndex((one, index) => index >= start && one.trimStart().startsWith("["));
  const end = next < 0 ? lines.length : next;
  const at = lines.findIndex((one, index) => index >= start && index < end && one.split("=", 1)[0]?.trim() === key);
  if (at >= 0) return textOf(lines.toSpliced(at, 1, ...(value === undefined ? [] : [line])));
  if (value === undefined) return toml;
  // Before the blank lines that part it from the next table.
  let last = end;
  while (last > start && lines[last - 1]?.trim() === "") last -= 1;
  return textOf(lines.toSpliced(last, 0, line, ...(last === end && next >= 0 ? [""] : [])));
}

const textOf = (lines: readonly string[]): string => `${lines.join("\n").replace(/^\n+/, "")}\n`;
