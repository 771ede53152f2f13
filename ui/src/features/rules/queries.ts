import { queryOptions } from "@tanstack/react-query";

import { get, post, type Answer } from "~/api";

export type Detector = Answer<"/api/v1/detectors">["items"][number];
export type Route = Answer<"/api/v1/alerting/routes">;
export type Explanation = Answer<"/api/v1/alerting/explain", "post">;
export type Configuration = Answer<"/api/v1/alerting/config">;
export type Version = Answer<"/api/v1/alerting/config/versions">["items"][number];

/** How far back it says what detectors raised. */
export const LATELY_DAYS = 7;

export const keys = {
  all: ["rules"] as const,
  configuration: ["rules", "configuration"] as const,
  versions: ["rules", "versions"] as const,
};

export const detectorsQuery = queryOptions({
  queryKey: ["rules", "detectors"] as const,
  queryFn: ({ signal }) => get("/api/v1/detectors", { query: { days: LATELY_DAYS }, signal }),
});

export const routesQuery = queryOptions({
  queryKey: ["rules", "routes"] as const,
  queryFn: ({ signal }) => get("/api/v1/alerting/routes", { signal }),
});

/** What would become of an alert with these labels. */
export const explanationQuery = (labels: Record<string, string>) =>
  queryOptions({
    queryKey: ["rules", "explanation", labels] as const,
    queryFn: ({ signal }) => post("/api/v1/alerting/explain", { body: { labels }, signal }),
    enabled: Object.keys(labels).length > 0,
  });

export const configurationQuery = queryOptions({
  queryKey: keys.configuration,
  queryFn: ({ signal }) => get("/api/v1/alerting/config", { signal }),
});

export const schemaQuery = queryOptions({
  queryKey: ["rules", "schema"] as const,
  queryFn: ({ signal }) => get("/api/v1/alerting/config/schema", { signal }),
  staleTime: Infinity,
});

/** What the hub thinks of a text, without taking it. */
export const validationQuery = (text: string) =>
  queryOptions({
    queryKey: ["rules", "validation", text] as const,
    queryFn: ({ signal }) => post("/api/v1/alerting/config/validate", { body: { text }, signal }),
    gcTime: 60_000,
  });

export const versionsQuery = queryOptions({
  queryKey: keys.versions,
  queryFn: ({ signal }) => get("/api/v1/alerting/config/versions", { signal }),
});

/** How a version differs from what is in force. */
export const comparisonQuery = (version: number) =>
  queryOptions({
    queryKey: ["rules", "versions", version, "diff"] as const,
    queryFn: ({ signal }) => get("/api/v1/alerting/config/diff", { query: { after: version }, signal }),
  });
