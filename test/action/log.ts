// A step's standard output as the runner reads it: which of its lines are commands, and what is left for people once masked.
// Pure. After src/Runner.Common/ActionCommand.cs of https://github.com/actions/runner

export interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

export interface Log {
  readonly commands: readonly Command[];
  /** What people see; masked from the line on that says so. */
  readonly lines: readonly string[];
  readonly masks: readonly string[];
}

/** StreamReader.ReadLine: each of the three ends a line. */
const linesOf = (output: string): string[] => output.split(/\r\n|\r|\n/).filter((line) => line !== "");

const unescapedData = (text: string): string =>
  text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");

const unescapedProperty = (text: string): string => unescapedData(text.replaceAll("%3A", ":").replaceAll("%2C", ","));

function propertiesIn(text: string, separator: string): Record<string, string> {
  const pairs = text.split(separator).map((pair) => pair.trim().split(/=(.*)/s));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, unescapedProperty(value)]));
}

/** `::name a=b,c=d::data`, behind white space alone. */
function secondForm(line: string): Command | undefined {
  const [, head, data = ""] = /^::(.*?)::(.*)$/s.exec(line.trimStart()) ?? [];
  if (head === undefined) return undefined;
  const [name = "", ...rest] = head.trim().split(" ");
  return { name, properties: propertiesIn(rest.join(" "), ","), data: unescapedData(data) };
}

/** `##[name a=b;c=d]data`, anywhere in the line. */
function firstForm(line: string): Command | undefined {
  const [, head, data = ""] = /##\[(.*?)\](.*)$/s.exec(line) ?? [];
  if (head === undefined) return undefined;
  const [name = "", ...rest] = head.trim().split(" ");
  return { name, properties: propertiesIn(rest.join(" "), ";"), data: unescapedData(data) };
}

export function readLog(output: string): Log {
  const commands: Command[] = [];
  const lines: string[] = [];
  const masks: string[] = [];
  for (const line of linesOf(output)) {
    const command = secondForm(line) ?? firstForm(line);
    if (command) commands.push(command);
    if (command?.name === "add-mask") masks.push(command.data);
    const shown = command ? `${command.name}: ${command.data}` : line;
    if (command?.name !== "add-mask") lines.push(masks.reduce((text, secret) => text.replaceAll(secret, "***"), shown));
  }
  return { commands, lines, masks };
}

/** GITHUB_OUTPUT and GITHUB_STATE. Throws for what the runner would fail the step for. */
export function readValues(text: string): Readonly<Record<string, string>> {
  const values: [string, string][] = [];
  const lines = text.split(/\r\n|\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line === "") continue;
    const [, name, delimiter] = /^([^=]*?)<<(.+)$/.exec(line) ?? [];
    if (name === undefined || delimiter === undefined) throw new Error(`no value: ${line}`);
    const end = lines.indexOf(delimiter, i + 1);
    if (end < 0) throw new Error(`the value of ${name} has no end`);
    values.push([name, lines.slice(i + 1, end).join("\n")]);
    i = end;
  }
  return Object.fromEntries(values);
}
