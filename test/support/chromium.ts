// The browser of the package @sparticuz/chromium: unpacked once, whole or not at all, however many files of tests begin at once.

import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import type { LaunchOptions } from "playwright-core";
import manifest from "../../package.json" with { type: "json" };
import { execute } from "./command.ts";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url).href);
const FOLDER = join(CACHE, `browser-${manifest.devDependencies["@sparticuz/chromium"]}`);
/** The package is made for a cloud's functions; a browser of people has more than one process and keeps origins apart. */
const NOT_WANTED =
  /^--(?:single-process|no-zygote|disable-web-security|allow-running-insecure-content|disable-site-isolation)/;

export async function chromiumOptions(): Promise<LaunchOptions> {
  const isThere = await access(FOLDER).then(
    () => true,
    () => false,
  );
  if (!isThere) await unpack();
  return {
    executablePath: join(FOLDER, "chromium"),
    args: chromium.args.filter((argument) => !NOT_WANTED.test(argument)),
    env: { ...definedOf(process.env), FONTCONFIG_FILE: join(FOLDER, FONTS) },
  };
}

const FONTS = "fonts.conf";
/** The package's one font is everybody's, as not every machine has any; of the machine's own come the others. */
const FONT_SETTINGS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${FOLDER}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${FOLDER}/fonts-cache</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family><family>Liberation Mono</family></prefer></alias>
</fontconfig>
`;

/** The package unpacks into the folder for temporary files of the process. */
async function unpack(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const part = await mkdtemp(join(CACHE, "chromium-part-"));
  const code = 'await (await import("@sparticuz/chromium")).default.executablePath();';
  const env = { ...process.env, TMPDIR: part };
  const { code: status, stderr } = await execute(process.execPath, ["--input-type=module", "--eval", code], { env });
  if (status !== 0) throw new Error(`Chromium could not be unpacked:\n${stderr}`);
  await writeFile(join(part, FONTS), FONT_SETTINGS);
  // Another process may have been faster.
  await rename(part, FOLDER).catch(() => rm(part, { recursive: true, force: true }));
}

const definedOf = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
