import { expect, it } from "vitest";

import { isLoadFault } from "./loading";

it.each([
  ["Failed to fetch dynamically imported module: http://hub/console/assets/x.js", true],
  ["error loading dynamically imported module: http://hub/console/assets/x.js", true],
  ["Importing a module script failed.", true],
  ["Unable to preload CSS for http://hub/console/assets/x.css", true],
  ["x is not a function", false],
])("tells faults of loading from those of pages: %s", (message, expected) => {
  expect(isLoadFault(new Error(message))).toBe(expected);
});
