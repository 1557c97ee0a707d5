/** The policies of public repositories, where they lie beside this one, read a second time by another library. */

import { expect, test } from "vitest";
import { files, isThere, textOf } from "../real.ts";
import { readYaml } from "./read.ts";
import { readSecond } from "./second-reader.ts";

test.runIf(isThere)("each is taken as YAML, and read the same twice", () => {
  const differing = files.flatMap((file) => {
    const text = textOf(file);
    const first = readYaml(text);
    return first.ok && first.tree === readSecond(text) ? [] : [{ file: file.file, first, second: readSecond(text) }];
  });
  expect(differing).toEqual([]);
});
