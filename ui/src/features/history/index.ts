import { IconHistory } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { readOneOf, readText, type Search } from "~/app/search";
import { throttledInvalidation } from "~/live/throttle";

import { NOISE_BY, OUTCOMES, TIMELINE_BY } from "./queries";
import { SPANS } from "./ranges";

/** What all pages of the history share: of which time, and of which cluster. */
function readTime(search: Search) {
  return {
    span: readOneOf(search.span, SPANS),
    since: readMoment(search.since),
    until: readMoment(search.until),
    cluster: readText(search.cluster),
  };
}

function readMoment(value: unknown): string | undefined {
  const text = readText(value);
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text;
}

export const historyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/history",
  validateSearch: (search: Search) => ({
    ...readTime(search),
    by: readOneOf(search.by, TIMELINE_BY),
    alertname: readText(search.alertname),
  }),
  component: lazyRouteComponent(() => import("./TimelinePage"), "TimelinePage"),
});

export const notificationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/history/notifications",
  validateSearch: (search: Search) => ({
    ...readTime(search),
    receiver: readText(search.receiver),
    outcome: readOneOf(search.outcome, OUTCOMES),
    alertname: readText(search.alertname),
  }),
  component: lazyRouteComponent(() => import("./NotificationsPage"), "NotificationsPage"),
});

export const pastSilencesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/history/silences",
  validateSearch: (search: Search) => ({
    ...readTime(search),
    id: readText(search.id),
    by: readText(search.by),
  }),
  component: lazyRouteComponent(() => import("./PastSilencesPage"), "PastSilencesPage"),
});

export const noiseRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/history/noise",
  validateSearch: (search: Search) => ({ ...readTime(search), by: readOneOf(search.by, NOISE_BY) }),
  component: lazyRouteComponent(() => import("./NoisePage"), "NoisePage"),
});

const readListsAgainSoon = throttledInvalidation(3_000);
/** The engine counts long spans: they may be a little old. */
const countAgainSoon = throttledInvalidation(30_000);

export const history: Feature = {
  routes: [historyRoute, notificationsRoute, pastSilencesRoute, noiseRoute],
  nav: [
    {
      label: "History",
      to: "/history",
      icon: IconHistory,
      group: "watch",
      order: 24,
      key: "t",
      permission: "alerts.read",
    },
  ],
  palette: [
    {
      label: "History of alerts",
      to: "/history",
      keywords: "timeline past mtta mttr",
      permission: "alerts.read",
    },
    {
      label: "Notifications",
      to: "/history/notifications",
      keywords: "log receipts sent errors",
      permission: "alerts.read",
    },
    { label: "Noise report", to: "/history/noise", keywords: "flapping frequent", permission: "alerts.read" },
    { label: "Past silences", to: "/history/silences", keywords: "log", permission: "silences.read" },
  ],
  reducers: [
    {
      types: ["notification"],
      reduce: (_, client) => readListsAgainSoon(client, ["history", "notifications"]),
    },
    { types: ["silence"], reduce: (_, client) => readListsAgainSoon(client, ["history", "silences"]) },
    {
      types: ["alert", "acknowledgement"],
      reduce: (_, client) => countAgainSoon(client, ["history", "counted"]),
    },
  ],
};
