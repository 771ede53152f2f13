import { describe, expect, it } from "vitest";

import { fromField, nextClock, toField } from "./spans";

const AT = Date.UTC(2026, 10, 21, 9, 41);

describe("fields of date and time", () => {
  it.each(["utc", "local"] as const)("give back the time they show, in zone %s", (zone) => {
    expect(fromField(toField(AT, zone), zone)).toBe(AT);
  });

  it("show UTC as such", () => expect(toField(AT, "utc")).toBe("2026-11-21T09:41"));

  it("hold no time when half filled in", () => {
    expect(fromField("2026-11-", "utc")).toBeUndefined();
    expect(fromField("2026-99-21T09:41", "utc")).toBeUndefined();
  });
});

describe("nextClock", () => {
  it("is ahead, at that hour", () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const next = nextClock(AT, hour);
      expect(next).toBeGreaterThan(AT);
      expect(next - AT).toBeLessThanOrEqual(25 * 3_600_000);
      expect(new Date(next).getHours()).toBe(hour);
    }
  });

  it("is on the weekday asked for", () => {
    const next = nextClock(AT, 8, 1);
    expect(new Date(next).getDay()).toBe(1);
    expect(next - AT).toBeLessThan(8 * 86_400_000);
  });
});
