import { describe, expect, it } from "vitest";

import { describeGrant, describeScope } from "./grants";

describe("the words for where a grant holds", () => {
  it("say everywhere when nothing narrows it", () => {
    expect(describeScope({})).toBe("everywhere");
    expect(describeGrant({ role: "admin" })).toBe("admin everywhere");
  });

  it("name clusters, labels and namespaces", () => {
    expect(describeScope({ clusters: ["a", "b"] })).toBe("in a, b");
    expect(describeScope({ clusterLabels: { env: "prod" } })).toBe("in clusters with env=prod");
    expect(describeScope({ namespaces: ["shop"] })).toBe("in shop of every cluster");
    expect(describeGrant({ role: "viewer", scope: { clusters: ["a"], namespaces: ["x", "y"] } })).toBe(
      "viewer in x, y of a",
    );
  });
});
