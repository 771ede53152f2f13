/** What the pages of the history read, and under which keys. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { get, type Answer, type components } from "~/api";

import { toQuery, type Range } from "./ranges";

export type Timeline = components["schemas"]["Timeline"];
export type TimelineRow = components["schemas"]["TimelineRow"];
export type Stretch = components["schemas"]["Stretch"];
export type Rollout = components["schemas"]["Rollout"];
export type Statistics = components["schemas"]["Statistics"];
export type Notification = components["schemas"]["NotificationView"];
export type SilenceEvent = components["schemas"]["SilenceEventView"];
export type NoiseReport = Answer<"/api/v1/history/noise">;
export type NoiseRow = components["schemas"]["NoiseRow"];

export const TIMELINE_BY = ["alertname", "cluster", "namespace"] as const;
export const NOISE_BY = ["alertname", "cluster", "receiver"] as const;
export const OUTCOMES = [
  "delivered",
  "failed, tried again",
  "refused",
  "out of time",
  "cut off by a stop",
] as const;

const STEPS = 480;

export const timelineQuery = (
  range: Range,
  by: (typeof TIMELINE_BY)[number],
  cluster: string | undefined,
  alertname: string | undefined,
) =>
  queryOptions({
    queryKey: ["history", "counted", "timeline", range, by, cluster, alertname],
    queryFn: ({ signal }) =>
      get("/api/v1/history/timeline", {
        query: { ...toQuery(range, Date.now()), by, steps: STEPS, cluster, alertname },
        signal,
      }),
  });

export const statisticsQuery = (range: Range, cluster: string | undefined, alertname: string | undefined) =>
  queryOptions({
    queryKey: ["history", "counted", "statistics", range, cluster, alertname],
    queryFn: ({ signal }) =>
      get("/api/v1/history/statistics", {
        query: { ...toQuery(range, Date.now()), cluster, alertname },
        signal,
      }),
  });

export const noiseQuery = (range: Range, by: (typeof NOISE_BY)[number], cluster: string | undefined) =>
  queryOptions({
    queryKey: ["history", "counted", "noise", range, by, cluster],
    queryFn: ({ signal }) =>
      get("/api/v1/history/noise", { query: { ...toQuery(range, Date.now()), by, cluster }, signal }),
  });

const PAGE = 100;

export interface NotificationsWanted {
  cluster?: string | undefined;
  alertname?: string | undefined;
  receiver?: string | undefined;
  outcome?: (typeof OUTCOMES)[number] | undefined;
}

export const notificationsQuery = (range: Range, wanted: NotificationsWanted) =>
  infiniteQueryOptions({
    queryKey: ["history", "notifications", range, wanted],
    queryFn: ({ pageParam, signal }) =>
      get("/api/v1/history/notifications", {
        query: { ...toQuery(range, Date.now()), ...wanted, limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => (page.cursor === "" ? undefined : page.cursor),
  });

export const silenceEventsQuery = (
  range: Range,
  wanted: { id?: string | undefined; createdBy?: string | undefined },
) =>
  infiniteQueryOptions({
    queryKey: ["history", "silences", range, wanted],
    queryFn: ({ pageParam, signal }) =>
      get("/api/v1/history/silences", {
        query: { ...toQuery(range, Date.now()), ...wanted, limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => (page.cursor === "" ? undefined : page.cursor),
  });
