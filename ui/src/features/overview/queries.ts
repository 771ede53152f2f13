import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { get, type Answer } from "~/api";
import type { LiveReducer } from "~/live";
import { throttledInvalidation } from "~/live/throttle";

type Overview = Answer<"/api/v1/overview">;
export type Cluster = Overview["clusters"][number];
export type Tally = Cluster["pods"];
export type FleetTally = Overview["total"];
export type Happening = Overview["lately"][number];
export type Trouble = Overview["trouble"][number];

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
