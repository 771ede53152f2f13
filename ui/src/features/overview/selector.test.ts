import { describe, expect, it } from "vitest";

import { toChoices, toSelector } from "./selector";

describe("chosen labels", () => {
  it.each([
    [[], ""],
    [["env=prod"], "env=prod"],
    [["env=prod", "region=eu", "env=staging"], "env in (prod,staging),region=eu"],
    [["note="], "note="],
    [["=x"], ""],
  ])("%j make the selector %s", (chosen, selector) => {
    expect(toSelector(chosen)).toBe(selector);
  });

  it("stay among the choices when no cluster has them any more", () => {
    expect(toChoices({ env: ["staging", "prod"] }, ["env=gone", "tier=1"])).toEqual([
      {
        group: "env",
        items: ["gone", "prod", "staging"].map((value) => ({ value: `env=${value}`, label: `env=${value}` })),
      },
      { group: "tier", items: [{ value: "tier=1", label: "tier=1" }] },
    ]);
  });
});
