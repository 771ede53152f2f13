import { IconBox } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { KINDS } from "~/app/kinds";
import { paths } from "~/app/paths";
import { readFlag, readOneOf, readText, readTexts, type Search } from "~/app/search";
import { readMoment } from "~/components/moments";

import { reducers } from "./reducers";

const validateTable = (search: Search) => ({
  q: readText(search.q),
  cluster: readTexts(search.cluster),
  namespace: readTexts(search.namespace),
  level: readTexts(search.level),
  status: readTexts(search.status),
  labels: readText(search.labels),
  column: readTexts(search.column),
  wide: readFlag(search.wide),
  sort: readText(search.sort),
  at: readMoment(search.at),
});

export const clusterTableRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/clusters/$cluster/$kind",
  validateSearch: validateTable,
  component: lazyRouteComponent(() => import("./ClusterTablePage"), "ClusterTablePage"),
});

export const fleetTableRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/objects/$kind",
  validateSearch: validateTable,
  component: lazyRouteComponent(() => import("./FleetTablePage"), "FleetTablePage"),
});

const indexRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/objects",
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router is told
    throw redirect({ to: paths.objects("pods"), replace: true });
  },
});

export const objectRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/clusters/$cluster/$kind/$namespace/$name",
  validateSearch: (search) => ({
    tab: readOneOf(search.tab, ["document", "history"]),
    at: readMoment(search.at),
    from: readMoment(search.from),
    to: readMoment(search.to),
  }),
  component: lazyRouteComponent(() => import("./ObjectPage"), "ObjectPage"),
});

export const objects: Feature = {
  routes: [indexRoute, clusterTableRoute, fleetTableRoute, objectRoute],
  nav: [
    {
      label: "Objects",
      to: paths.objects("pods"),
      icon: IconBox,
      group: "watch",
      order: 50,
      key: "w",
      also: ["/objects"],
      permission: "objects.read",
    },
  ],
  palette: KINDS.map((kind) => ({
    label: `${kind.title} of all clusters`,
    to: paths.objects(kind.plural),
    keywords: `${kind.name} ${kind.plural}`,
    permission: "objects.read",
  })),
  reducers,
};
