/** What the pages of alerts read, and under which keys. */
import { queryOptions } from "@tanstack/react-query";

import { get, type Answer, type components } from "~/api";

export type Alert = components["schemas"]["AlertView"];
export type AlertList = Answer<"/api/v1/alerts">;
export type Mark = components["schemas"]["Mark"];
export type Group = components["schemas"]["GroupSummary"];
export type GroupBy = components["schemas"]["GroupBy"];
export type Status = components["schemas"]["alerting_board_standing_Status"];
export type Count = components["schemas"]["Count"];
export type Evidence = components["schemas"]["Evidence"];
export type RelatedChange = components["schemas"]["RelatedChange"];
export type Explanation = components["schemas"]["ExplanationView"];
export type Notification = components["schemas"]["NotificationView"];
export type Runbook = components["schemas"]["Runbook"];
export type Transition = components["schemas"]["AlertEventView"];

export const STATUSES = ["firing", "resolved", "all"] as const;
export const MARKS = ["active", "acknowledged", "silenced", "snoozed", "inhibited"] as const;
export const GROUPINGS = ["route", "cluster", "namespace", "workload", "alertname"] as const;
export const SORTS = ["severity", "-severity", "age", "-age", "name", "-name"] as const;

/** Which alerts are wanted. */
export interface Wanted {
  status?: Status;
  filter?: string[];
  q?: string;
  state?: Mark[];
  receiver?: string;
  group?: string;
}

export const keys = {
  all: ["alerts"] as const,
  lists: ["alerts", "list"] as const,
  list: (wanted: Wanted, sort: string) => ["alerts", "list", wanted, sort] as const,
  facets: (wanted: Wanted) => ["alerts", "facets", wanted] as const,
  groups: (wanted: Wanted, by: GroupBy) => ["alerts", "groups", by, wanted] as const,
  one: (fingerprint: string) => ["alerts", "one", fingerprint] as const,
  runbook: (name: string) => ["runbooks", name] as const,
  part: (fingerprint: string, part: string) => ["alerts", "one", fingerprint, part] as const,
};

function toQuery({ status = "firing", filter, q, state, receiver, group }: Wanted) {
  return { status, filter, search: q, state, receiver, group };
}

/** One page of the list, for `useWindow`. */
export async function readPage(
  wanted: Wanted,
  sort: string,
  offset: number,
  limit: number,
  signal: AbortSignal,
) {
  const page = await get("/api/v1/alerts", { query: { ...toQuery(wanted), sort, offset, limit }, signal });
  return { rows: page.items, total: page.total };
}

/** How many of the alerts that are wanted have what. */
export const facetsQuery = (wanted: Wanted) =>
  queryOptions({
    queryKey: keys.facets(wanted),
    queryFn: ({ signal }) =>
      get("/api/v1/alerts", { query: { ...toQuery(wanted), facets: true, limit: 1 }, signal }),
  });

export const groupsQuery = (wanted: Wanted, by: GroupBy) =>
  queryOptions({
    queryKey: keys.groups(wanted, by),
    queryFn: ({ signal }) => get("/api/v1/alerts/groups", { query: { ...toQuery(wanted), by }, signal }),
  });

/** How many alerts of an open group are shown within it. */
export const GROUP_PAGE = 50;

export const membersQuery = (wanted: Wanted, group: Group) => {
  const within = wantedOf(wanted, group);
  return queryOptions({
    queryKey: keys.list(within, "severity-of-group"),
    queryFn: ({ signal }) => readPage(within, "severity", 0, GROUP_PAGE, signal),
  });
};

/** What chooses a group's alerts out of those that are wanted. */
export function wantedOf(wanted: Wanted, group: Group): Wanted {
  return {
    ...wanted,
    filter: [...(wanted.filter ?? []), ...group.filter],
    group: group.group === "" ? undefined : group.group,
  };
}

export const MOST_AT_ONCE = 1000;

/** All alerts of a group, as far as they can be acted upon at once. */
export async function readMembers(wanted: Wanted, group: Group): Promise<Alert[]> {
  const page = await readPage(
    wantedOf(wanted, group),
    "severity",
    0,
    MOST_AT_ONCE,
    new AbortController().signal,
  );
  return page.rows;
}

export const alertQuery = (fingerprint: string) =>
  queryOptions({
    queryKey: keys.one(fingerprint),
    queryFn: ({ signal }) => get("/api/v1/alerts/{fingerprint}", { path: { fingerprint }, signal }),
  });

export const evidenceQuery = (fingerprint: string) =>
  queryOptions({
    queryKey: keys.part(fingerprint, "evidence"),
    queryFn: ({ signal }) => get("/api/v1/alerts/{fingerprint}/evidence", { path: { fingerprint }, signal }),
  });

/** A runbook of the hub's; there is none of a name that only looks like one. */
export const runbookQuery = (name: string) =>
  queryOptions({
    queryKey: keys.runbook(name),
    queryFn: ({ signal }) => get("/api/v1/runbooks/{alertname}", { path: { alertname: name }, signal }),
    staleTime: Infinity,
    retry: false,
  });

export const explainQuery = (fingerprint: string) =>
  queryOptions({
    queryKey: keys.part(fingerprint, "explain"),
    queryFn: ({ signal }) => get("/api/v1/alerts/{fingerprint}/explain", { path: { fingerprint }, signal }),
  });

/** Looks back so far for earlier firings of the same alert. */
const FIRINGS_MS = 14 * 86_400_000;

export const transitionsQuery = (fingerprint: string) =>
  queryOptions({
    queryKey: keys.part(fingerprint, "transitions"),
    queryFn: ({ signal }) =>
      get("/api/v1/history/alerts", {
        query: { fingerprint, since: new Date(Date.now() - FIRINGS_MS).toISOString(), limit: 200 },
        signal,
      }),
  });

/** What a change that stands in an alert's evidence changed, field by field. */
export const changeQuery = (cluster: string, { kind, namespace, name, time }: RelatedChange) =>
  queryOptions({
    queryKey: ["alerts", "change", cluster, kind, namespace, name, time],
    queryFn: async ({ signal }) => {
      const at = Date.parse(time);
      const query = {
        kind,
        namespace: namespace === "" ? undefined : namespace,
        name,
        since: new Date(at - 1).toISOString(),
        until: new Date(at + 2).toISOString(),
        limit: 20,
      };
      const { items } = await get("/api/v1/clusters/{cluster}/changes", { path: { cluster }, query, signal });
      return items.flatMap((change) => change.fields ?? []);
    },
    staleTime: Infinity,
  });

const MOST_RELATED = 12;

/** What else fires of the same object, or else around it. */
export const relatedQuery = (fingerprint: string, filter: string[]) =>
  queryOptions({
    queryKey: keys.part(fingerprint, "related"),
    queryFn: ({ signal }) =>
      get("/api/v1/alerts", {
        query: { filter, sort: "severity", limit: MOST_RELATED + 1, status: "firing" },
        signal,
      }),
  });
