import { describe, expect, it } from "vitest";

import type { Silence } from "~/components/silencing/queries";

import { patchList, stateAt } from "./live";

const silence: Silence = {
  id: "s1",
  state: "active",
  matchers: 'a="b"',
  startsAt: "2026-01-01T10:00:00Z",
  endsAt: "2026-01-01T12:00:00Z",
  updatedAt: "2026-01-01T10:00:00Z",
  createdBy: "ada",
  comment: "why",
  hushes: 3,
};
const list = { items: [silence] };

describe("patches of silences", () => {
  it("takes what an event tells, and keeps what it does not", () => {
    const told = { ...silence, endsAt: "2026-01-01T11:00:00Z", time: "2026-01-01T11:00:00Z", hushes: 0 };
    expect(patchList(list, [{ type: "silence", data: told }]).items).toEqual([
      { ...silence, endsAt: "2026-01-01T11:00:00Z", updatedAt: "2026-01-01T11:00:00Z" },
    ]);
  });

  it("gives the same list when the silence is not on it, or the event is none", () => {
    expect(patchList(list, [{ type: "silence", data: { ...silence, id: "s2", time: "t" } }])).toBe(list);
    expect(patchList(list, [{ type: "silence", data: null }])).toBe(list);
  });
});

describe("stateAt", () => {
  it.each([
    ["2026-01-01T09:59:59Z", "pending"],
    ["2026-01-01T10:00:00Z", "active"],
    ["2026-01-01T12:00:00Z", "expired"],
  ])("at %s is %s", (now, state) => expect(stateAt(silence, Date.parse(now))).toBe(state));
});
