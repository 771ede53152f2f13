import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { get, type components } from "~/api";
import type { LiveReducer } from "~/live";
import { throttledInvalidation } from "~/live/throttle";

type Schemas = components["schemas"];
export type Cluster = Schemas["ClusterTile"];
export type Tally = Schemas["Tally"];
export type FleetTally = Schemas["FleetTally"];
export type Happening = Schemas["Happening"];
export type Trouble = Schemas["Trouble"];

const KEY = ["overview"];

/** The fleet at a glance, of the clusters that a selector chooses. */
export const overviewQuery = (labels: string) =>
  queryOptions({
    queryKey: [...KEY, labels],
    queryFn: ({ signal }) => get("/api/v1/overview", { query: { labels }, signal }),
    placeholderData: keepPreviousData,
  });

/** Sums and orders are the hub's: it is asked again, at most this often, when something has happened. */
const STEP_MS = 3_000;

const readAgain = throttledInvalidation(STEP_MS);

export const overviewReducer: LiveReducer = {
  types: ["alert", "change", "cluster"],
  reduce: (_events, client) => readAgain(client, KEY),
};
