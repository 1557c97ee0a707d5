// What documents and comments may say of each other, each rule a function from texts to one line per breach. Pure.

/** Path from the root, and the text. */
export type Texts = ReadonlyMap<string, string>;

/** Written so that this file does not cite them itself. */
const OUTSIDE = /\bDESIG[N]\b|\breferenc[e],? sections? \d|(?<!octo-sts )\bissu[e] #?\d/g;

/** Nobody who has only the repository can look these up. */
export function citationsOfTheUnknown(texts: Texts): string[] {
  return [...texts].flatMap(([path, text]) => [...text.matchAll(OUTSIDE)].map(([words]) => `${path} cites "${words}"`));
}

/** A comment goes on in the next line behind its mark. */
const unwrapped = (text: string): string => text.replace(/\n\s*(?:\*|\/\/|#)?[ \t]*/g, " ");

const headingsOf = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading.trim());

/** `worker/README.md, "Caches"`, or `"Bounds" and "Caches"`: both are headings of that file. */
export function citationsOfNoHeading(texts: Texts): string[] {
  const cited = /([\w./-]+\.md)((?:(?:,| and) "[^"\n]+")+)/g;
  return [...texts].flatMap(([path, text]) =>
    [...unwrapped(text).matchAll(cited)].flatMap(([, file = "", list = ""]) => {
      const known = headingsOf(texts.get(file) ?? "");
      const headings = [...list.matchAll(/"([^"]+)"/g)].map(([, heading = ""]) => heading);
      return headings.filter((heading) => !known.includes(heading)).map((h) => `${path} cites ${file}, "${h}"`);
    }),
  );
}

/** As GitHub makes them: lower case, no punctuation, hyphens for spaces; the second of one name gets `-1`. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    headingsOf(text).map((heading) => {
      const slug = heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, "")
        .replaceAll(" ", "-");
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

/** Links within the repository: the file is there, and so is the heading. `paths` has files and folders. */
export function deadLinks(texts: Texts, paths: ReadonlySet<string>): string[] {
  return [...texts].flatMap(([path, text]) => {
    if (!path.endsWith(".md")) return [];
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    return links
      .filter((link) => !/^[a-z]+:/.test(link) && isDead(link, path, texts, paths))
      .map((l) => `${path}: ${l}`);
  });
}

function isDead(link: string, from: string, texts: Texts, paths: ReadonlySet<string>): boolean {
  const [file = "", anchor] = link.split("#");
  const base = new URL(`file:///${from}`);
  const target = decodeURI(new URL(file === "" ? base.pathname : file, base).pathname).replace(/^\/|\/$/g, "");
  if (!paths.has(target)) return true;
  return anchor !== undefined && !anchorsOf(texts.get(target) ?? "").has(anchor);
}

/** `npm run NAME`, `npm test`: in documents, comments and messages alike. */
export function unknownScripts(texts: Texts, scripts: ReadonlySet<string>): string[] {
  return [...texts].flatMap(([path, text]) =>
    [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
      .filter(([, name = ""]) => !scripts.has(name))
      .map(([words]) => `${path} says "${words}"`),
  );
}

/** A tag can be moved to other code; a commit cannot. The version behind it is for people. */
export function movableActions(texts: Texts): string[] {
  const workflows = [...texts].filter(([path]) => /^\.github\/workflows\/.*\.ya?ml$/.test(path));
  return workflows.flatMap(([path, text]) =>
    [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)]
      .map(([, used = ""]) => used)
      .filter((used) => !used.startsWith("./") && !/^[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40} # v\d/.test(used))
      .map((used) => `${path} uses ${used}`),
  );
}
