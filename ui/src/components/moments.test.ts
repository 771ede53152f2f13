import { describe, expect, it } from "vitest";

import { findAfter, findBefore, readMoment, toMoment } from "./moments";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("a moment in an address", () => {
  it("is brought into one form", () => {
    expect(readMoment("2026-11-21T10:00:00+01:00", NOW)).toBe("2026-11-21T09:00:00Z");
    expect(readMoment("2026-11-21T09:00:00.250Z", NOW)).toBe("2026-11-21T09:00:00.250Z");
  });

  it.each([undefined, "", "yesterday", "2026-11-21T12:00:01Z", "1969-01-01T00:00:00Z", 7])(
    "is now for %s",
    (text) => {
      expect(readMoment(text, NOW)).toBeUndefined();
    },
  );
});

describe("steps between changes", () => {
  const times = [10, 20, 30];
  it("go to the neighbours and not to where one is", () => {
    expect(findBefore(times, 20)).toBe(10);
    expect(findAfter(times, 20)).toBe(30);
  });
  it("end where nothing changed", () => {
    expect(findBefore(times, 10)).toBeUndefined();
    expect(findAfter(times, 30)).toBeUndefined();
  });
  it("survive being written", () => {
    expect(toMoment(NOW)).toBe("2026-11-21T12:00:00Z");
  });
});
