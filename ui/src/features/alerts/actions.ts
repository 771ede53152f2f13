/** What people do about alerts. */
import { post, type components } from "~/api";

import type { Alert } from "./queries";

export type Results = components["schemas"]["BulkResultList"];

const fingerprintsOf = (alerts: readonly Alert[]) => alerts.map((alert) => alert.fingerprint);

export function acknowledge(alerts: readonly Alert[], note: string): Promise<Results> {
  return post("/api/v1/alerts/acknowledge", {
    body: { fingerprints: fingerprintsOf(alerts), matchers: "", note },
  });
}

export function takeBack(alerts: readonly Alert[]): Promise<Results> {
  return post("/api/v1/alerts/unacknowledge", {
    body: { fingerprints: fingerprintsOf(alerts), matchers: "", note: "" },
  });
}

export function snooze(alerts: readonly Alert[], until: Date, note: string): Promise<Results> {
  return post("/api/v1/alerts/snooze", {
    body: { fingerprints: fingerprintsOf(alerts), matchers: "", note, until: until.toISOString() },
  });
}
