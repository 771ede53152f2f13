import { describe, expect, it } from "vitest";

import { readChoice, withoutChoice, writeChoice } from "./choices";

describe("choices", () => {
  it("reads back what it wrote, whatever the values hold", () => {
    for (const values of [["a"], ["a", "b"], ["a.b|c", "(d)"], ["", "x"]]) {
      expect(readChoice(writeChoice(undefined, "team", values), "team")).toEqual(values);
    }
  });

  it("leaves other matchers as they are", () => {
    const filter = ['severity="critical"', 'team!="a"'];
    expect(writeChoice(filter, "severity", ["warning", "info"])).toEqual([
      'team!="a"',
      'severity=~"warning|info"',
    ]);
    expect(writeChoice(['severity="critical"'], "severity", [])).toBeUndefined();
  });

  it("does not take a pattern for a choice", () => {
    const filter = ['team=~"a.*"', 'team!~"b"', "no matcher"];
    expect(readChoice(filter, "team")).toEqual([]);
    expect(withoutChoice(filter, "team")).toEqual(filter);
  });
});
