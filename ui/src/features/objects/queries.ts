import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { get, type Answer } from "~/api";

export type Table = Answer<"/api/v1/table/{kind}">;
export type Row = Table["rows"][number];
export type TableColumn = Table["columns"][number];
export type Facets = NonNullable<Table["facets"]>;

/** Which rows of which kind's table are wanted. */
export interface Choice {
  kind: string;
  cluster?: readonly string[];
  namespace?: readonly string[];
  level?: readonly string[];
  status?: readonly string[];
  labels?: string;
  search?: string;
  columns?: readonly string[];
  sort?: string;
  /** The past: the table as it was then. */
  at?: string;
}

export const keys = {
  all: ["objects"] as const,
  tables: (kind: string) => ["objects", "table", kind] as const,
  heads: (kind: string) => ["objects", "head", kind] as const,
  table: (choice: Choice) => [...keys.tables(choice.kind), choice] as const,
  head: (choice: Choice) => [...keys.heads(choice.kind), { ...choice, sort: undefined }] as const,
};

function toQuery(choice: Choice) {
  return {
    cluster: choice.cluster?.join(","),
    namespace: choice.namespace?.join(","),
    level: choice.level?.join(","),
    status: choice.status?.join(","),
    labels: choice.labels,
    search: choice.search,
    labelColumns: choice.columns?.join(","),
    sort: choice.sort,
    at: choice.at,
  };
}

/** One page of rows. */
export function readRows(choice: Choice, offset: number, limit: number, signal: AbortSignal): Promise<Table> {
  const query = { ...toQuery(choice), offset, limit };
  return get("/api/v1/table/{kind}", { path: { kind: choice.kind }, query, signal });
}

/** The columns, and how many rows each choice of a filter would leave. */
export const headQuery = (choice: Choice) =>
  queryOptions({
    queryKey: keys.head(choice),
    queryFn: ({ signal }) =>
      get("/api/v1/table/{kind}", {
        path: { kind: choice.kind },
        query: { ...toQuery(choice), sort: undefined, facets: true, limit: 0 },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

export type Detail = Answer<"/api/v1/clusters/{cluster}/objects/{kind}/{name}/detail">;
export type History = Answer<"/api/v1/clusters/{cluster}/objects/{kind}/{name}/history">;
export type Version = History["items"][number];
export type Field = NonNullable<Version["fields"]>[number];

/** Which object. */
export interface ObjectPlace {
  cluster: string;
  kind: string;
  namespace: string;
  name: string;
}

export const objectKeys = {
  one: (place: ObjectPlace) => ["objects", "one", place] as const,
  detail: (place: ObjectPlace, at: string | undefined) => [...objectKeys.one(place), "detail", at] as const,
  history: (place: ObjectPlace) => [...objectKeys.one(place), "history"] as const,
  diff: (place: ObjectPlace, from: string, to: string | undefined) =>
    [...objectKeys.one(place), "diff", from, to] as const,
};

/** Everything about an object, as it is or was. */
export const detailQuery = (place: ObjectPlace, at: string | undefined) =>
  queryOptions({
    queryKey: objectKeys.detail(place, at),
    queryFn: ({ signal }) =>
      get("/api/v1/clusters/{cluster}/objects/{kind}/{name}/detail", {
        path: place,
        query: { namespace: place.namespace, at },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

const MOST_VERSIONS = 200;

/** Its versions that are kept, the newest first, with what each changed. */
export const historyQuery = (place: ObjectPlace) =>
  queryOptions({
    queryKey: objectKeys.history(place),
    queryFn: ({ signal }) =>
      get("/api/v1/clusters/{cluster}/objects/{kind}/{name}/history", {
        path: place,
        query: { namespace: place.namespace, limit: MOST_VERSIONS },
        signal,
      }),
  });

/** What is different between two times; without the second, up to now. */
export const diffQuery = (place: ObjectPlace, from: string, to: string | undefined) =>
  queryOptions({
    queryKey: objectKeys.diff(place, from, to),
    queryFn: ({ signal }) =>
      get("/api/v1/clusters/{cluster}/objects/{kind}/{name}/diff", {
        path: place,
        query: { namespace: place.namespace, from, to },
        signal,
      }),
  });
