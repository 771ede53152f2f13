import { describe, expect, it } from "vitest";

import { parseSearch, readCount, readFlag, readOneOf, readText, readTexts, stringifySearch } from "./search";

describe("the search of an address", () => {
  it.each([
    {},
    { q: "web & api=1 #x" },
    { severity: ["critical", "warning"] },
    { q: "1", cluster: "prod/eu", at: "2026-01-02T03:04:05Z" },
  ])("survives the way to the address and back: %j", (search) => {
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });

  it("leaves out what is not set", () => {
    expect(stringifySearch({ a: undefined, b: "", c: false, d: null, e: "x", f: true, g: 3 })).toBe(
      "?e=x&f=true&g=3",
    );
  });
});

describe("reading what an address says", () => {
  it("takes what makes sense and drops the rest", () => {
    expect(readText(["a", "b"])).toBe("a");
    expect(readText("")).toBeUndefined();
    expect(readTexts("a")).toEqual(["a"]);
    expect(readTexts([])).toBeUndefined();
    expect(readOneOf("age", ["age", "name"])).toBe("age");
    expect(readOneOf("toString", ["age", "name"])).toBeUndefined();
    expect(readCount("12")).toBe(12);
    expect(readCount("-1")).toBeUndefined();
    expect(readCount("1e9")).toBeUndefined();
    expect(readFlag("true")).toBe(true);
    expect(readFlag("no")).toBeUndefined();
  });
});
