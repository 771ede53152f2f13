/** Brings lists and pages of alerts up to date as the hub tells of what happens. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";

import type { WindowPage } from "~/components/rows";
import type { LiveEvent, LiveReducer } from "~/live";

import { keys, type Alert } from "./queries";

/** What is patched in place is read again no more often than this: places and counts of lists. */
const PAUSE_MS = 3_000;

type Patch = (alert: Alert) => Alert;

/** The patches that events ask for, by the alerts' fingerprints. */
export function readPatches(events: readonly LiveEvent[]): Map<string, Patch> {
  const patches = new Map<string, Patch>();
  const add = (fingerprint: string, patch: Patch) => {
    const before = patches.get(fingerprint);
    patches.set(fingerprint, before === undefined ? patch : (alert) => patch(before(alert)));
  };
  for (const { type, data } of events) {
    if (type === "alert" && isAlert(data)) add(data.fingerprint, (alert) => update(alert, data));
    if (type === "acknowledgement" && isAcknowledgement(data))
      add(data.fingerprint, (alert) => acknowledge(alert, data));
  }
  return patches;
}

interface Acknowledged {
  time: string;
  change: string;
  fingerprint: string;
  author: string;
  note?: string;
}

/** What the hub tells of an alert, over what is known of it: an event says nothing about what was done. */
function update(alert: Alert, event: Alert): Alert {
  if (event.status === "resolved") return { ...alert, ...pick(event), states: [], acknowledgement: null };
  const isAnew = alert.status === "resolved";
  return { ...alert, ...pick(event), states: isAnew ? ["active"] : alert.states };
}

function pick({ status, labels, annotations, startsAt, endsAt }: Alert) {
  return { status, labels, annotations, startsAt, endsAt };
}

function acknowledge(alert: Alert, { change, author, time, note = "" }: Acknowledged): Alert {
  const others = (alert.states ?? []).filter((state) => state !== "acknowledged" && state !== "active");
  if (change === "unacknowledged")
    return { ...alert, acknowledgement: null, states: others.length > 0 ? others : ["active"] };
  return {
    ...alert,
    acknowledgement: { by: author, at: time, note },
    states: alert.status === "firing" ? ["acknowledged", ...others] : [],
  };
}

/** A page of a list with patches; the same page when none concerns it. */
export function patchPage(page: WindowPage<Alert>, patches: ReadonlyMap<string, Patch>): WindowPage<Alert> {
  if (!page.rows.some((row) => patches.has(row.fingerprint))) return page;
  return { ...page, rows: page.rows.map((row) => patches.get(row.fingerprint)?.(row) ?? row) };
}

function isPage(data: unknown): data is WindowPage<Alert> {
  return typeof data === "object" && data !== null && Array.isArray((data as WindowPage<Alert>).rows);
}

function isAlert(data: unknown): data is Alert {
  const { fingerprint, labels, status } = (data ?? {}) as Partial<Alert>;
  return typeof fingerprint === "string" && typeof labels === "object" && typeof status === "string";
}

function isAcknowledgement(data: unknown): data is Acknowledged {
  const { fingerprint, change } = (data ?? {}) as Partial<Acknowledged>;
  return typeof fingerprint === "string" && typeof change === "string";
}

function reduce(events: readonly LiveEvent[], client: QueryClient): void {
  const patches = readPatches(events);
  client.setQueriesData(
    { queryKey: keys.lists },
    (data: WindowPage<Alert> | InfiniteData<unknown> | undefined) =>
      isPage(data) ? patchPage(data, patches) : data,
  );
  for (const [fingerprint, patch] of patches) {
    client.setQueryData(keys.one(fingerprint), (alert: Alert | undefined) => alert && patch(alert));
  }
  touched.all ||= events.some((event) => event.type === "silence" || event.type === "configuration");
  for (const fingerprint of patches.keys()) touched.alerts.add(fingerprint);
  for (const fingerprint of events.flatMap(readTold)) touched.alerts.add(fingerprint);
  readAgainSoon(client);
}

/** The alerts of which somebody was told. */
function readTold({ type, data }: LiveEvent): string[] {
  if (type !== "notification") return [];
  const { firing = [], resolved = [] } = data as { firing?: string[]; resolved?: string[] };
  return [...firing, ...resolved];
}

const touched = { all: false, alerts: new Set<string>(), timer: undefined as number | undefined };

function readAgainSoon(client: QueryClient): void {
  touched.timer ??= window.setTimeout(() => {
    const { all, alerts } = touched;
    Object.assign(touched, { all: false, alerts: new Set(), timer: undefined });
    void client.invalidateQueries({
      predicate: ({ queryKey: [feature, part, fingerprint] }) =>
        feature === keys.all[0] &&
        part !== "labels" &&
        (part !== "one" || all || alerts.has(fingerprint as string)),
    });
  }, PAUSE_MS);
}

export const reducer: LiveReducer = {
  types: ["alert", "acknowledgement", "silence", "notification", "configuration"],
  reduce,
};
