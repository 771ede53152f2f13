import { describe, expect, it } from "vitest";

import { leadsTo, readRunbookName } from "./runbook";

const RUNBOOK = { name: "KubePodNotReady", url: "https://hub.example.com/runbooks/KubePodNotReady" };

describe("the runbook of an alert", () => {
  it("is named by a link to a page of the hub's", () => {
    expect(readRunbookName(RUNBOOK.url)).toBe("KubePodNotReady");
  });

  it.each([
    undefined,
    "",
    "not a link",
    "https://wiki.example.com/KubePodNotReady",
    "https://hub.example.com/runbooks/",
    "https://hub.example.com/runbooks/a/b",
    "https://hub.example.com/runbooks/..%2fx",
  ])("is not named by %s", (link) => expect(readRunbookName(link)).toBeUndefined());

  it("is the hub's where the hub says that it is, and where the console comes from", () => {
    expect(leadsTo(RUNBOOK.url, RUNBOOK, "http://localhost:8080")).toBe(true);
    expect(leadsTo("http://localhost:8080/runbooks/KubePodNotReady", RUNBOOK, "http://localhost:8080")).toBe(
      true,
    );
  });

  it("is not the hub's somewhere else, whatever the link looks like", () => {
    const elsewhere = "https://wiki.example.com/runbooks/KubePodNotReady";
    expect(leadsTo(elsewhere, RUNBOOK, "http://localhost:8080")).toBe(false);
  });
});
