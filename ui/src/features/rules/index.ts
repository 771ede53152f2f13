import { IconRoute, IconStethoscope } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { readCount, readOneOf, readText, readTexts } from "~/app/search";

export const rulesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/rules",
  validateSearch: (search) => ({
    q: readText(search.q),
    show: readOneOf(search.show, ["raised", "changed"]),
    detector: readText(search.detector),
  }),
  component: lazyRouteComponent(() => import("./DetectorsPage"), "DetectorsPage"),
});

export const routingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/routing",
  validateSearch: (search) => ({ label: readTexts(search.label) }),
  component: lazyRouteComponent(() => import("./RoutingPage"), "RoutingPage"),
});

export const configurationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/routing/config",
  validateSearch: (search) => ({ version: readCount(search.version) }),
  component: lazyRouteComponent(() => import("./ConfigurationPage"), "ConfigurationPage"),
});

export const rules: Feature = {
  routes: [rulesRoute, routingRoute, configurationRoute],
  nav: [
    {
      label: "Detectors",
      to: "/rules",
      icon: IconStethoscope,
      group: "configure",
      order: 70,
      key: "d",
      permission: "alerts.read",
    },
    {
      label: "Routing",
      to: "/routing",
      icon: IconRoute,
      group: "configure",
      order: 80,
      key: "r",
      permission: "alerting.read",
    },
  ],
  palette: [
    { label: "Detectors", to: "/rules", keywords: "rules what is looked for", permission: "alerts.read" },
    {
      label: "Routing: who is told of what",
      to: "/routing",
      keywords: "routes tester receivers why",
      permission: "alerting.read",
    },
    {
      label: "Alerting configuration",
      to: "/routing/config",
      keywords: "alertmanager yaml editor versions roll back",
      permission: "alerting.read",
    },
  ],
  reducers: [
    {
      types: ["configuration"],
      reduce: (_, client) => {
        void client.invalidateQueries({ queryKey: ["rules"] });
      },
    },
  ],
};
