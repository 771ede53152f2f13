import { describe, expect, it } from "vitest";

import { patchPage, readPatches } from "./live";
import type { Alert } from "./queries";

const alert: Alert = {
  fingerprint: "f1",
  status: "firing",
  labels: { alertname: "X" },
  annotations: { summary: "old" },
  startsAt: "2026-01-01T00:00:00Z",
  evidence: true,
  silencedBy: ["s"],
  inhibitedBy: [],
  states: ["silenced"],
  receivers: ["team"],
};
const page = { rows: [alert], total: 1 };

describe("patches of alerts", () => {
  it("takes the new words and keeps what an event does not tell", () => {
    const event = { ...alert, annotations: { summary: "new" }, states: [], receivers: [], silencedBy: [] };
    const patched = patchPage(page, readPatches([{ type: "alert", data: event }])).rows[0];
    expect(patched).toMatchObject({
      annotations: { summary: "new" },
      states: ["silenced"],
      receivers: ["team"],
      silencedBy: ["s"],
    });
  });

  it("marks an alert as resolved where it stands", () => {
    const event = { ...alert, status: "resolved", endsAt: "2026-01-01T01:00:00Z" };
    const patched = patchPage(page, readPatches([{ type: "alert", data: event }])).rows[0];
    expect(patched).toMatchObject({ status: "resolved", endsAt: "2026-01-01T01:00:00Z", states: [] });
  });

  it("shows who has taken an alert on, and that it was taken back", () => {
    const made = { time: "t", change: "acknowledged", fingerprint: "f1", author: "ada", note: "mine" };
    const once = patchPage(page, readPatches([{ type: "acknowledgement", data: made }]));
    expect(once.rows[0]).toMatchObject({
      acknowledgement: { by: "ada", at: "t", note: "mine" },
      states: ["acknowledged", "silenced"],
    });
    const back = { ...made, change: "unacknowledged" };
    const both = [made, back].map((data) => ({ type: "acknowledgement", data }));
    expect(patchPage(page, readPatches(both)).rows[0]).toMatchObject({
      acknowledgement: null,
      states: ["silenced"],
    });
  });

  it("gives the very same page when no alert on it is concerned", () => {
    const event = { ...alert, fingerprint: "f2" };
    expect(patchPage(page, readPatches([{ type: "alert", data: event }]))).toBe(page);
  });

  it("lets pass what is no event that it knows", () => {
    expect(
      readPatches([
        { type: "alert", data: null },
        { type: "alert", data: "x" },
      ]).size,
    ).toBe(0);
  });
});
