import { describe, expect, it } from "vitest";

import { formatClock, formatExact, formatRelative, formatSpan } from "./times";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("formatSpan", () => {
  it.each([
    [-3, "0s"],
    [0, "0s"],
    [59.9, "59s"],
    [MINUTE, "1m"],
    [HOUR - 1, "59m"],
    [3 * HOUR + 5 * MINUTE, "3h05m"],
    [6 * DAY + 4 * HOUR, "6d04h"],
    [400 * DAY, "400d"],
  ])("gives %d seconds in their two largest units: %s", (seconds, expected) => {
    expect(formatSpan(seconds)).toBe(expected);
  });
});

describe("formatRelative", () => {
  const now = Date.parse("2026-01-02T03:04:05Z");
  it("says how long ago, how far ahead, and just now", () => {
    expect(formatRelative("2026-01-02T03:01:05Z", now)).toBe("3m ago");
    expect(formatRelative("2026-01-02T05:09:05Z", now)).toBe("in 2h05m");
    expect(formatRelative(now - 2000, now)).toBe("just now");
  });
  it("does not invent a time out of nonsense", () => {
    expect(formatRelative("soon", now)).toBe("at no known time");
  });
});

describe("exact times", () => {
  it("are the same everywhere in UTC", () => {
    expect(formatExact("2026-01-02T03:04:05Z", "utc")).toBe("2026-01-02 03:04:05 UTC");
    expect(formatClock("2026-01-02T23:04:05+02:00", "utc")).toBe("21:04:05");
  });
  it("do not invent a time out of nonsense", () => {
    expect(formatExact("soon", "utc")).toBe("no known time");
  });
});
