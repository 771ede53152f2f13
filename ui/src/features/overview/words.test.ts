import { expect, it } from "vitest";

import { shorten } from "./words";

it.each([
  ["image of app reg.example/web:1.2 → reg.example/web:1.3", "image of app reg.example/web 1.2 → 1.3"],
  ["image of app reg.example:5000/web:1 → reg.example:5000/web:2", "image of app reg.example:5000/web 1 → 2"],
  ["image of app a/web:1 → b/web:2", "image of app a/web:1 → b/web:2"],
  ["replicas 1 → 2", "replicas 1 → 2"],
  ["env of app PORT=a:1 → PORT=a:2x", "env of app PORT=a 1 → 2x"],
])("names an image once where only its version changed: %s", (words, shown) => {
  expect(shorten(words)).toBe(shown);
});
