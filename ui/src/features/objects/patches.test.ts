import { describe, expect, it } from "vitest";

import { concerns, latestByPlace, patchPage, type Change } from "./patches";
import type { Row, Table } from "./queries";

const row = (name: string, word: string): Row => ({
  cluster: "prod",
  namespace: "shop",
  name,
  uid: name,
  status: { word, level: "ok", reason: "" },
  cells: ["1/1"],
});

const page = (...rows: Row[]): Table => ({
  kind: "Pod",
  namespaced: true,
  columns: [],
  rows,
  offset: 0,
  total: rows.length,
  at: "2026-11-21T09:00:00Z",
});

const change = (name: string, word: string, labels?: Record<string, string>): Change => ({
  cluster: "prod",
  kind: "Pod",
  namespace: "shop",
  name,
  operation: "updated",
  row: row(name, word),
  labels,
});

describe("a page of a table", () => {
  it("takes the last change of each row, in place", () => {
    const changes = latestByPlace([change("b", "Pending"), change("b", "CrashLoopBackOff")]);
    const patched = patchPage(page(row("a", "Running"), row("b", "Running")), changes, []);
    expect(patched.rows.map((one) => one.status.word)).toEqual(["Running", "CrashLoopBackOff"]);
  });

  it("keeps its label columns filled", () => {
    const changes = latestByPlace([change("a", "Running", { app: "web" })]);
    expect(patchPage(page(row("a", "Pending")), changes, ["app", "tier"]).rows[0]?.cells).toEqual([
      "1/1",
      "web",
      null,
    ]);
  });

  it("is the same page when nothing of it changed", () => {
    const before = page(row("a", "Running"));
    expect(patchPage(before, latestByPlace([change("z", "Failed")]), [])).toBe(before);
  });

  it("keeps the row of what was deleted until it is read again", () => {
    const gone: Change = { ...change("a", ""), operation: "deleted", row: undefined };
    const before = page(row("a", "Running"));
    expect(patchPage(before, latestByPlace([gone]), [])).toBe(before);
  });
});

describe("a change", () => {
  const place = { cluster: "prod", kind: "deployments", namespace: "shop", name: "web" };
  it.each([
    ["web", true],
    ["web-5d9c-x2x4z", true],
    ["api", false],
  ])("of %s concerns the page of web: %s", (name, expected) => {
    expect(concerns(change(name, "Running"), place)).toBe(expected);
    expect(concerns({ ...change(name, "Running"), cluster: "dev" }, place)).toBe(false);
  });
});
