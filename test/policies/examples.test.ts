/**
 * The examples, in workerd, where policies are judged in earnest.
 */

import { testExamples } from "./examples.ts";

testExamples();
