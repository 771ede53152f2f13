import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { get } from "~/api";

/** Whose past it is: a cluster's, a kind's in it, or an object's. */
export interface Scope {
  cluster: string;
  kind?: string;
  namespace?: string;
  name?: string;
}

/** A length of time up to now, in milliseconds; undefined is all that is kept. */
export type Span = number | undefined;

export const MARKS = 160;

/** When it changed, and how much: the marks on the time line, and the changes around where one stands. */
export const activityQuery = (scope: Scope, since: string | undefined, at: string | undefined) =>
  queryOptions({
    queryKey: ["travel", scope, since, at] as const,
    queryFn: ({ signal }) =>
      get("/api/v1/clusters/{cluster}/activity", {
        path: { cluster: scope.cluster },
        query: {
          kind: scope.kind,
          namespace: scope.name === undefined ? undefined : (scope.namespace ?? ""),
          name: scope.name,
          since,
          at,
          buckets: MARKS,
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
