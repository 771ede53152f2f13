import { describe, expect, it } from "vitest";

import { clampMoment, fromField, stepOf, toField, toHeights } from "./line";

describe("marks", () => {
  it("show one change beside a thousand", () => {
    const [none, one, many] = toHeights([0, 1, 1000]) as [number, number, number];
    expect(none).toBe(0);
    expect(one).toBeGreaterThanOrEqual(0.1);
    expect(many).toBe(1);
  });
  it("are none where nothing changed", () => {
    expect(toHeights([0, 0])).toEqual([0, 0]);
    expect(toHeights([])).toEqual([]);
  });
});

describe("a place on the line", () => {
  it("stays on it", () => {
    expect(clampMoment(5, 10, 20)).toBe(10);
    expect(clampMoment(25, 10, 20)).toBe(20);
  });
  it("moves by whole seconds", () => {
    expect(stepOf(0, 3_600_000)).toBe(36_000);
    expect(stepOf(0, 1_000)).toBe(1_000);
  });
});

describe("a time that is typed", () => {
  const moment = Date.parse("2026-11-21T09:41:24Z");
  it.each(["utc", "local"] as const)("is what was shown, in %s", (zone) => {
    expect(fromField(toField(moment, zone), zone)).toBe(moment);
  });
  it("is none while it is not whole", () => {
    expect(fromField("2026-11-", "utc")).toBeUndefined();
  });
});
