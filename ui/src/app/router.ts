import { createRouter } from "@tanstack/react-router";

import { ErrorPage } from "~/components/ErrorPage";
import { NotFoundPage } from "~/components/NotFoundPage";

import { RootLayout } from "./RootLayout";
import { Shell } from "./Shell";
import { loginRoute } from "./SignInPage";
import { rootRoute, shellRoute } from "./feature";
import { features } from "./features";
import { parseSearch, stringifySearch } from "./search";

rootRoute.update({ component: RootLayout });
shellRoute.update({ component: Shell });

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    loginRoute,
    shellRoute.addChildren(features.flatMap((feature) => feature.routes)),
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultErrorComponent: ErrorPage,
  defaultNotFoundComponent: NotFoundPage,
});
