import { describe, expect, it } from "vitest";

import type { Evidence, Notification, RelatedChange, Transition } from "./queries";
import { countFirings, findCause, tellStory, wasTold } from "./story";

const change = (time: string, score: number): RelatedChange => ({
  time,
  kind: "Deployment",
  namespace: "shop",
  name: "web",
  relation: "subject",
  effect: "rollout",
  words: "image a → b",
  score,
  afterGap: false,
});
const transition = (time: string, name: string) => ({ time, transition: name }) as Transition;
const notification = (time: string) => ({ time, outcome: "delivered" }) as Notification;
const evidence = (...changes: RelatedChange[]) => ({ changes }) as Evidence;

describe("the story of an alert", () => {
  const alert = { startsAt: "2026-01-01T10:00:00Z" };

  it("tells the newest first, and marks the likeliest cause alone", () => {
    const cause = change("2026-01-01T09:58:00Z", 0.9);
    const steps = tellStory(
      alert,
      evidence(cause, change("2026-01-01T09:59:00Z", 0.3)),
      [transition("2026-01-01T10:00:00Z", "fired")],
      [notification("2026-01-01T10:00:30Z")],
    );
    expect(steps.map((step) => step.kind)).toEqual(["notification", "transition", "change", "change"]);
    expect(steps.map((step) => step.kind === "change" && step.isCause)).toEqual([false, false, false, true]);
  });

  it("leaves out what was of an earlier firing, but no change", () => {
    const steps = tellStory(
      alert,
      evidence(change("2026-01-01T09:00:00Z", 0.9)),
      [transition("2026-01-01T08:00:00Z", "fired"), transition("2026-01-01T10:01:00Z", "updated")],
      [notification("2026-01-01T08:00:10Z")],
    );
    expect(steps.map((step) => step.kind)).toEqual(["change"]);
  });

  it("names no cause where nothing is likely to be one", () => {
    expect(findCause(evidence(change("2026-01-01T09:00:00Z", 0.05)))).toBeUndefined();
    expect(findCause(undefined)).toBeUndefined();
  });

  it("counts how often it began", () => {
    expect(
      countFirings([transition("t", "fired"), transition("t", "resolved"), transition("t", "fired")]),
    ).toBe(2);
  });
});

describe("wasTold", () => {
  it("is so once one was told, also when the last try failed", () => {
    expect(wasTold([{ state: "waiting for group_wait" }, { state: "suppressed", toldAt: null }])).toBe(false);
    expect(wasTold([{ state: "failed", toldAt: "2026-01-01T10:00:00Z" }])).toBe(true);
    expect(wasTold([{ state: "told" }])).toBe(true);
  });
});
