/**
 * The examples, in Node, where people run `policy check` on their own.
 */

import { testExamples } from "./examples.ts";

testExamples();
