import { IconServer2 } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { readOneOf, readText, readTexts } from "~/app/search";
import { readMoment } from "~/components/moments";

import { reducers } from "./reducers";

export const clustersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/clusters",
  validateSearch: (search) => ({
    q: readText(search.q),
    label: readTexts(search.label),
    view: readOneOf(search.view, ["tiles"]),
    sort: readText(search.sort),
  }),
  component: lazyRouteComponent(() => import("./ClustersPage"), "ClustersPage"),
});

export const clusterRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/clusters/$cluster",
  validateSearch: (search) => ({ at: readMoment(search.at) }),
  component: lazyRouteComponent(() => import("./ClusterPage"), "ClusterPage"),
});

export const clusters: Feature = {
  routes: [clustersRoute, clusterRoute],
  nav: [
    {
      label: "Clusters",
      to: "/clusters",
      icon: IconServer2,
      group: "watch",
      order: 40,
      key: "c",
      permission: "clusters.read",
    },
  ],
  palette: [{ label: "Clusters", to: "/clusters", keywords: "fleet agents", permission: "clusters.read" }],
  reducers,
};
