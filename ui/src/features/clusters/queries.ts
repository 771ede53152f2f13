import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { get, type Answer } from "~/api";

export type Fleet = Answer<"/api/v1/overview">;
export type ClusterTile = Fleet["clusters"][number];
export type Cluster = Answer<"/api/v1/clusters/{name}">;

export const keys = {
  all: ["clusters"] as const,
  fleet: (labels: string) => ["clusters", "fleet", labels] as const,
  cluster: (name: string) => ["clusters", "one", name] as const,
};

/** Every cluster at a glance, of those that have these labels. */
export const fleetQuery = (labels: readonly string[] = []) => {
  const selector = labels.join(",");
  return queryOptions({
    queryKey: keys.fleet(selector),
    queryFn: ({ signal }) => get("/api/v1/overview", { query: { labels: selector }, signal }),
  });
};

/** One cluster with its agents. */
export const clusterQuery = (name: string) =>
  queryOptions({
    queryKey: keys.cluster(name),
    queryFn: ({ signal }) => get("/api/v1/clusters/{name}", { path: { name }, signal }),
  });

export type Table = Answer<"/api/v1/table/{kind}">;

const MOST_ROWS = 12;

/** The worst rows of one kind in a cluster, with how many stand how; every panel of its page reads from these. */
export const tableQuery = (cluster: string, kind: string, at: string | undefined) =>
  queryOptions({
    queryKey: [...keys.cluster(cluster), "table", kind, at] as const,
    queryFn: ({ signal }) =>
      get("/api/v1/table/{kind}", {
        path: { kind },
        query: { cluster, at, sort: "status", limit: MOST_ROWS, facets: true },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: at === undefined ? undefined : Infinity,
  });
