import { IconBell } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { readOneOf, readText, readTexts, type Search } from "~/app/search";

import { reducer } from "./live";
import { GROUPINGS, MARKS, SORTS, STATUSES } from "./queries";

function readAlertsView(search: Search) {
  const marks = readTexts(search.state)?.filter((one) => (MARKS as readonly string[]).includes(one));
  return {
    status: readOneOf(search.status, STATUSES),
    filter: readTexts(search.filter),
    q: readText(search.q),
    state: marks?.length ? (marks as (typeof MARKS)[number][]) : undefined,
    receiver: readText(search.receiver),
    group: readText(search.group),
    by: readOneOf(search.by, GROUPINGS),
    open: readTexts(search.open),
    sort: readOneOf(search.sort, SORTS),
  };
}

export type AlertsView = ReturnType<typeof readAlertsView>;

export const alertsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/alerts",
  validateSearch: readAlertsView,
  component: lazyRouteComponent(() => import("./AlertsPage"), "AlertsPage"),
});

export const alertRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/alerts/$fingerprint",
  component: lazyRouteComponent(() => import("./AlertPage"), "AlertPage"),
});

export const alerts: Feature = {
  routes: [alertsRoute, alertRoute],
  nav: [
    {
      label: "Alerts",
      to: "/alerts",
      icon: IconBell,
      group: "watch",
      order: 20,
      key: "a",
      permission: "alerts.read",
    },
  ],
  palette: [
    { label: "Alerts", to: "/alerts", keywords: "firing pages incidents", permission: "alerts.read" },
  ],
  reducers: [reducer],
  shortcuts: {
    title: "Alerts",
    keys: [
      { keys: ["a"], does: "Acknowledge" },
      { keys: ["s"], does: "Silence" },
      { keys: ["z"], does: "Snooze" },
      { keys: ["→", "←"], does: "Open or close a group" },
      { keys: ["Esc"], does: "Select nothing; back from an alert" },
    ],
  },
};
