import { describe, expect, it } from "vitest";

import type { Version } from "./queries";
import { chooseTimes, comparisonOf, rankFields } from "./versions";

const [early, middle, late] = [
  "2026-11-21T09:00:00Z",
  "2026-11-21T10:00:00Z",
  "2026-11-21T11:00:00Z",
] as const;
const version = (time: string): Version => ({ time, sequence: 1, operation: "updated", uid: "u" });

describe("versions that are chosen", () => {
  it("stand in the order of time, whichever was chosen first", () => {
    expect(chooseTimes({ from: late }, early)).toEqual({ from: early, to: late });
  });
  it("are held against now while there is but one", () => {
    expect(chooseTimes({}, middle)).toEqual({ from: middle, to: undefined });
  });
  it("are the two that were chosen last", () => {
    expect(chooseTimes({ from: early, to: middle }, late)).toEqual({ from: middle, to: late });
  });
  it("are let go by choosing them again", () => {
    expect(chooseTimes({ from: early, to: late }, early)).toEqual({ from: late, to: undefined });
    expect(chooseTimes({ from: early, to: late }, late)).toEqual({ from: early, to: undefined });
  });
});

describe("what one change did", () => {
  it("is the difference to the version before", () => {
    expect(comparisonOf(version(late), version(early))).toEqual({ from: early, to: late });
  });
  it("is everything, for the first that is kept", () => {
    expect(comparisonOf(version(early), undefined)).toEqual({ from: "2026-11-21T08:59:59.999Z", to: early });
  });
});

describe("fields that changed", () => {
  it("tell what people changed first, and times that only follow last", () => {
    const paths = ["status.conditions[Ready].lastTransitionTime", "status.phase", "spec.replicas"];
    expect(rankFields(paths.map((path) => ({ path }))).map(({ path }) => path)).toEqual(paths.toReversed());
  });
});
