import { describe, expect, it } from "vitest";

import { checkClusterName, checkLabels, compareLabels, readLabels, writeLabels } from "./clusterRules";

describe("a cluster's name", () => {
  it.each(["prod", "a", "prod-eu-1", "0", "a".repeat(63)])("may be %s", (name) => {
    expect(checkClusterName(name)).toBeUndefined();
  });

  it.each(["", "Prod", "prod_eu", "-prod", "prod-", "prod.eu", "prod eu", "a".repeat(64)])(
    "cannot be “%s”, and says why",
    (name) => {
      expect(checkClusterName(name)).toMatch(/\.$/);
    },
  );
});

describe("a cluster's labels", () => {
  it("are read as they were written", () => {
    expect(readLabels(["env=prod", "url=http://a?b=c"])).toEqual({ env: "prod", url: "http://a?b=c" });
    expect(writeLabels({ region: "eu", env: "prod" })).toEqual(["env=prod", "region=eu"]);
  });

  it.each([["env"], ["=prod"], ["env="], ["1st=a"], ["severity=page"], ["__x=1"], ["a-b=c"]])(
    "cannot be %s",
    (label) => {
      expect(checkLabels([label])).toBeDefined();
    },
  );

  it("cannot hold a name twice", () => {
    expect(checkLabels(["env=prod", "env=test"])).toBe("The label env is there twice.");
  });

  it("are changed by what is different alone", () => {
    expect(
      compareLabels({ env: "prod", team: "a", region: "eu" }, { env: "prod", team: "b", tier: "1" }),
    ).toEqual({ region: null, team: "b", tier: "1" });
  });
});
