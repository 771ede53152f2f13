import { expect, it } from "vitest";

import { readLabelSet } from "./labels";

it("reads labels with and without quotes, and leaves out what is none", () => {
  expect(readLabelSet(["a=b", 'c = "d e"', "url=http://x/?q=1", "nothing", "=x", "y=", 'z!="a"'])).toEqual({
    a: "b",
    c: "d e",
    url: "http://x/?q=1",
  });
});
