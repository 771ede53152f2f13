import { describe, expect, it } from "vitest";

import { groupItems, matchesWords, toItem, type Hit } from "./found";

const hit = (more: Partial<Hit>): Hit => ({
  type: "pod",
  cluster: "prod",
  name: "web-1",
  kind: "Pod",
  namespace: "shop",
  fingerprint: "",
  severity: "",
  summary: "",
  ...more,
});

describe("what the palette finds", () => {
  it("finds by words in any order and case", () => {
    expect(matchesWords("Alerting configuration yaml", "YAML alert")).toBe(true);
    expect(matchesWords("Alerting configuration", "alert rules")).toBe(false);
    expect(matchesWords("anything", "")).toBe(true);
  });

  it.each([
    [hit({}), "/clusters/prod/pods/shop/web-1"],
    [hit({ type: "node", kind: "Node", namespace: "", name: "n1" }), "/clusters/prod/nodes/-/n1"],
    [hit({ type: "cluster", kind: "", namespace: "", name: "prod/eu" }), "/clusters/prod%2Feu"],
    [hit({ type: "alert", kind: "", fingerprint: "ab12" }), "/alerts/ab12"],
  ])("leads to what it found: %j", (found, address) => {
    expect(toItem(found).to).toBe(address);
  });

  it("keeps what is alike together, in the order of the best", () => {
    const items = [hit({}), hit({ type: "alert" }), hit({ name: "web-2" })].map(toItem);
    expect(groupItems(items).map(([group, of]) => [group, of.length])).toEqual([
      ["Pods", 2],
      ["Alerts", 1],
    ]);
  });
});
