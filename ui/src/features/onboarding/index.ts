import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { paths } from "~/app/paths";
import { readText } from "~/app/search";

import { reducers } from "./reducers";

export const newClusterRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/clusters/new",
  validateSearch: (search) => ({ cluster: readText(search.cluster) }),
  component: lazyRouteComponent(() => import("./NewClusterPage"), "NewClusterPage"),
});

export const onboarding: Feature = {
  routes: [newClusterRoute],
  palette: [
    {
      label: "Add a cluster",
      to: paths.newCluster(),
      keywords: "new install agent onboard",
      permission: "clusters.manage",
    },
  ],
  reducers,
};
