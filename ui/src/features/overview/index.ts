import { IconLayoutDashboard } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { readTexts } from "~/app/search";

import { overviewReducer } from "./queries";

export const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  validateSearch: (search) => ({ label: readTexts(search.label) }),
  component: lazyRouteComponent(() => import("./OverviewPage"), "OverviewPage"),
});

export const overview: Feature = {
  routes: [overviewRoute],
  nav: [
    {
      label: "Overview",
      to: "/",
      icon: IconLayoutDashboard,
      group: "watch",
      order: 10,
      key: "h",
      permission: "clusters.read",
    },
  ],
  palette: [{ label: "Overview", to: "/", keywords: "home fleet dashboard" }],
  reducers: [overviewReducer],
};
