import { queryOptions } from "@tanstack/react-query";

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
  });

export type Change = Answer<"/api/v1/clusters/{cluster}/changes">["items"][number];

/** Which object. */
export interface ObjectPlace {
  cluster: string;
  kind: string;
  namespace: string;
  name: string;
}

export const objectKeys = {
  one: (place: ObjectPlace) => ["objects", "one", place] as const,
  document: (place: ObjectPlace, at: string | undefined) =>
    [...objectKeys.one(place), "document", at] as const,
  history: (place: ObjectPlace) => [...objectKeys.one(place), "history"] as const,
};

/** The object as it is. */
export const documentQuery = (place: ObjectPlace, at: string | undefined) =>
  queryOptions({
    queryKey: objectKeys.document(place, at),
    queryFn: ({ signal }) =>
      get("/api/v1/clusters/{cluster}/objects/{kind}/{name}", {
        path: place,
        query: { namespace: place.namespace },
        signal,
      }),
  });

const MOST_VERSIONS = 200;

/** Its versions that are kept, the newest first, with what each changed and the document as it then was. */
export const historyQuery = (place: ObjectPlace) =>
  queryOptions({
    queryKey: objectKeys.history(place),
    queryFn: ({ signal }) =>
      get("/api/v1/clusters/{cluster}/changes", {
        path: { cluster: place.cluster },
        query: {
          kind: place.kind,
          namespace: place.namespace,
          name: place.name,
          documents: true,
          limit: MOST_VERSIONS,
        },
        signal,
      }),
  });
