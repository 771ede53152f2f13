import { describe, expect, it } from "vitest";

import { completeOperators, readStage } from "./completion";
import {
  commonMatchers,
  formatMatcher,
  matchersOf,
  MatcherError,
  parseMatcher,
  splitMatchers,
  tidyMatcher,
  type Matcher,
} from "./matchers";

describe("parseMatcher", () => {
  it("reads a value with and without quotes", () => {
    expect(parseMatcher("severity=critical")).toEqual({
      name: "severity",
      operator: "=",
      value: "critical",
    });
    expect(parseMatcher(' team !~ "a|b" ')).toEqual({ name: "team", operator: "!~", value: "a|b" });
  });

  it("gives back what formatMatcher wrote, whatever is in it", () => {
    const odd: Matcher[] = [
      { name: "a", operator: "=", value: "" },
      { name: "a", operator: "!=", value: 'say "hi", \\n' },
      { name: "with space", operator: "=~", value: "a\nb" },
      { name: "ärger", operator: "=", value: "<script>" },
    ];
    for (const matcher of odd) expect(parseMatcher(formatMatcher(matcher))).toEqual(matcher);
  });

  it.each([
    ["critical", /label, an operator/],
    ['a="b', /closing quote/],
    ['a=b"c', /quote within/],
    ['""=x', /no name/],
    ['a=~"(b"', /\) is missing/],
    ['a=~"b)"', /\) too many/],
    ['a=~"[b"', /\] is missing/],
  ])("refuses %s and says why", (text, why) => {
    expect(() => parseMatcher(text)).toThrow(MatcherError);
    expect(() => parseMatcher(text)).toThrow(why);
  });

  it("leaves to the hub what only its engine can judge", () => {
    expect(parseMatcher('a=~"(?i)x[]()]"').value).toBe("(?i)x[]()]");
  });
});

describe("splitMatchers", () => {
  it("cuts at commas, but not within quotes", () => {
    expect(splitMatchers('{a="b,c", d=~"e\\",f", g=h}')).toEqual(['a="b,c"', 'd=~"e\\",f"', "g=h"]);
    expect(splitMatchers("  ")).toEqual([]);
  });
});

describe("matchers of alerts", () => {
  it("puts what says most first", () => {
    expect(matchersOf({ zone: "a", cluster: "c", alertname: "X" })).toEqual([
      'alertname="X"',
      'cluster="c"',
      'zone="a"',
    ]);
  });

  it("keeps of several alerts the labels that all have, with all their values", () => {
    const one = { alertname: "X", cluster: "a.b", pod: "p" };
    const other = { alertname: "X", cluster: "c" };
    expect(commonMatchers([one, other])).toEqual(['alertname="X"', 'cluster=~"a\\\\.b|c"']);
    expect(commonMatchers([])).toEqual([]);
  });
});

describe("tidyMatcher", () => {
  it("writes as the hub does, and leaves what is no matcher", () => {
    expect(tidyMatcher(" a = b ")).toBe('a="b"');
    expect(tidyMatcher(" a ")).toBe("a");
  });
});

describe("readStage", () => {
  it.each([
    ["", { stage: "name", prefix: "" }],
    ["sev", { stage: "name", prefix: "sev" }],
    ["severity ", { stage: "operator", name: "severity", prefix: "" }],
    ["severity!", { stage: "operator", name: "severity", prefix: "!" }],
    ["severity=", { stage: "value", name: "severity", operator: "=", prefix: "" }],
    ['severity=~"cri', { stage: "value", name: "severity", operator: "=~", prefix: "cri" }],
    ["two words", { stage: "name", prefix: "two words" }],
    ["10.0.0.1", { stage: "name", prefix: "10.0.0.1" }],
  ])("of %j", (text, stage) => {
    expect(readStage(text)).toEqual(stage);
  });

  it("offers the operators that begin so", () => {
    expect(completeOperators("!")).toEqual(["!=", "!~"]);
    expect(completeOperators("")).toHaveLength(4);
  });
});
