import { describe, expect, it } from "vitest";

import { describeLevels, sortLevels } from "./levels";

describe("how many stand how", () => {
  it("is told from the worst on, and leaves out what nothing stands at", () => {
    expect(sortLevels({ ok: 3, done: 0, bad: 1 })).toEqual([
      ["bad", 1],
      ["ok", 3],
    ]);
  });

  it("is told in words", () => {
    expect(describeLevels({ ok: 1203, bad: 2 })).toBe("2 bad, 1,203 well");
    expect(describeLevels({})).toBe("none");
  });
});
