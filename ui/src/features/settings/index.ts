import { IconSettings } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { readOneOf, readText } from "~/app/search";

import { SECTIONS } from "./sections";

export const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("./SettingsLayout"), "SettingsLayout"),
});

const indexRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/",
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router is told
    throw redirect({ to: "/settings/account", replace: true });
  },
});

export const accountRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/AccountPage"), "AccountPage"),
});

export const peopleRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/people",
  validateSearch: (search) => ({ q: readText(search.q), user: readText(search.user) }),
  component: lazyRouteComponent(() => import("./people/PeoplePage"), "PeoplePage"),
});

export const teamsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/teams",
  validateSearch: (search) => ({ team: readText(search.team) }),
  component: lazyRouteComponent(() => import("./teams/TeamsPage"), "TeamsPage"),
});

const rolesRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/roles",
  component: lazyRouteComponent(() => import("./roles/RolesPage"), "RolesPage"),
});

export const tokensRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/tokens",
  validateSearch: (search) => ({ show: readOneOf(search.show, ["all"]) }),
  component: lazyRouteComponent(() => import("./tokens/TokensPage"), "TokensPage"),
});

const receiversRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/receivers",
  component: lazyRouteComponent(() => import("./receivers/ReceiversPage"), "ReceiversPage"),
});

const storageRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/storage",
  component: lazyRouteComponent(() => import("./storage/StoragePage"), "StoragePage"),
});

export const agentsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/agents",
  validateSearch: (search) => ({ cluster: readText(search.cluster) }),
  component: lazyRouteComponent(() => import("./agents/AgentsPage"), "AgentsPage"),
});

export const auditRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/audit",
  validateSearch: (search) => ({
    actor: readText(search.actor),
    action: readText(search.action),
    target: readText(search.target),
    text: readText(search.text),
    result: readOneOf(search.result, ["ok", "denied", "failed"]),
  }),
  component: lazyRouteComponent(() => import("./audit/AuditPage"), "AuditPage"),
});

export const settings: Feature = {
  routes: [
    settingsRoute.addChildren([
      indexRoute,
      accountRoute,
      peopleRoute,
      teamsRoute,
      rolesRoute,
      tokensRoute,
      receiversRoute,
      agentsRoute,
      storageRoute,
      auditRoute,
    ]),
  ],
  nav: [
    {
      label: "Settings",
      to: "/settings/account",
      icon: IconSettings,
      group: "configure",
      order: 90,
      key: "s",
      also: ["/settings"],
    },
  ],
  palette: SECTIONS.map(({ label, to, keywords, permission }) => ({
    label: `Settings: ${label}`,
    to,
    keywords,
    ...(permission && { permission }),
  })),
};
