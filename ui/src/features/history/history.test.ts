import { describe, expect, it } from "vitest";

import type { TimelineRow } from "./queries";
import { boundsOf, readRange, toQuery, zoomOut, zoomTo } from "./ranges";
import { findStretch, ticks, toPlace, toTime } from "./scale";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 2, 12);

describe("ranges", () => {
  it("are the last day unless said otherwise, and never backwards", () => {
    expect(readRange({})).toEqual({ span: "1d" });
    expect(readRange({ since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" })).toEqual({
      span: "1d",
    });
    expect(readRange({ span: "7d", since: "2026-01-01T00:00:00Z" })).toEqual({ span: "7d" });
  });

  it("that end now stay open towards the future", () => {
    expect(toQuery({ span: "1h" }, NOW)).toEqual({ since: "2026-01-02T11:00:00.000Z", until: undefined });
  });

  it("drawn out in either direction are the same, and at least a minute", () => {
    expect(zoomTo(NOW, NOW + HOUR)).toEqual(zoomTo(NOW + HOUR, NOW));
    const { since, until } = zoomTo(NOW, NOW + 5);
    expect(Date.parse(until) - Date.parse(since)).toBe(60_000);
  });

  it("grow threefold, but not beyond now", () => {
    const wider = readRange(zoomOut({ span: "1h" }, NOW));
    expect(boundsOf(wider, NOW)).toEqual([NOW - 3 * HOUR, NOW]);
  });
});

describe("scale", () => {
  const scale = { since: NOW, until: NOW + HOUR, width: 600 };

  it("turns moments into places and back", () => {
    for (const place of [0, 1, 300, 600]) expect(toPlace(scale, toTime(scale, place))).toBeCloseTo(place);
    expect(toTime(scale, -50)).toBe(NOW);
    expect(toTime(scale, 9999)).toBe(NOW + HOUR);
  });

  it("marks round moments, so far apart that words fit", () => {
    const { step, times } = ticks(scale, 0, 80);
    expect(step).toBe(10 * 60_000);
    expect(times.every((time) => time % step === 0)).toBe(true);
    expect(times.length).toBeLessThanOrEqual(600 / 80);
  });

  it("counts days from local midnight", () => {
    const wide = { since: NOW, until: NOW + 240 * HOUR, width: 800 };
    const { times } = ticks(wide, 330, 80);
    expect(times.every((time) => (time + 330 * 60_000) % (24 * HOUR) === 0)).toBe(true);
  });
});

describe("findStretch", () => {
  const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
  const row: TimelineRow = {
    labels: {},
    severity: "warning",
    stretches: [
      { since: at(0), until: at(10), severity: "warning", alerts: 1 },
      { since: at(20), until: at(21), severity: "critical", alerts: 2 },
    ],
  };

  it("finds what is there, or what is near enough", () => {
    expect(findStretch(row, NOW + 5 * 60_000, 0)?.severity).toBe("warning");
    expect(findStretch(row, NOW + 19 * 60_000, 2 * 60_000)?.severity).toBe("critical");
    expect(findStretch(row, NOW + 15 * 60_000, 60_000)).toBeUndefined();
  });
});
