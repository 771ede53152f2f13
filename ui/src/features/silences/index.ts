import { IconBellOff } from "@tabler/icons-react";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute, type Feature } from "~/app/feature";
import { readFlag, readOneOf, readText, readTexts } from "~/app/search";

import { reducer } from "./live";

export const STATES = ["active", "pending", "expired", "all"] as const;

export const silencesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/silences",
  validateSearch: (search) => ({
    state: readOneOf(search.state, STATES),
    q: readText(search.q),
    /** The silence that is looked at. */
    id: readText(search.id),
    /** The form of a new one is open; with these matchers. */
    new: readFlag(search.new),
    filter: readTexts(search.filter),
  }),
  component: lazyRouteComponent(() => import("./SilencesPage"), "SilencesPage"),
});

export const silences: Feature = {
  routes: [silencesRoute],
  nav: [
    {
      label: "Silences",
      to: "/silences",
      icon: IconBellOff,
      group: "watch",
      order: 22,
      key: "m",
      permission: "silences.read",
    },
  ],
  palette: [
    { label: "Silences", to: "/silences", keywords: "mute hush snooze", permission: "silences.read" },
    { label: "New silence", to: "/silences?new=true", keywords: "mute hush", permission: "silences.write" },
  ],
  reducers: [reducer],
  shortcuts: {
    title: "Silences",
    keys: [
      { keys: ["n"], does: "New silence" },
      { keys: ["e"], does: "Change the silence of the row" },
      { keys: ["c"], does: "Copy it into a new one" },
    ],
  },
};
