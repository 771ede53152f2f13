import { hashKey, useQueries, useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";

/** Rows of a table, of which perhaps only a window is at hand. */
export interface Rows<Row> {
  total: number;
  /** A row by its place; undefined while it is on its way. */
  at: (place: number) => Row | undefined;
  /** Told which places are on the screen. */
  show: (first: number, last: number) => void;
  isLoading: boolean;
  error: Error | null;
  retry: () => void;
}

/** Rows that are all at hand. */
export function fixedRows<Row>(rows: readonly Row[]): Rows<Row> {
  return {
    total: rows.length,
    at: (place) => rows[place],
    show: () => undefined,
    isLoading: false,
    error: null,
    retry: () => undefined,
  };
}

/** One page of a window, as the cache holds it below `[...key, offset]`. */
export interface WindowPage<Row> {
  rows: Row[];
  total: number;
}

/**
 * Rows that the server sorts, filters and counts, read page by page as they come into view.
 *
 * @param key the query's key without the page; live reducers find the pages below it
 * @param readPage reads one page
 */
export function useWindow<Row>(
  key: QueryKey,
  readPage: (offset: number, limit: number, signal: AbortSignal) => Promise<WindowPage<Row>>,
  pageSize = 100,
): Rows<Row> {
  const client = useQueryClient();
  const queryKey = useStable(key);
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const [first, last] = range;
  const pages = useQueries({
    queries: Array.from({ length: last - first + 1 }, (_, index) => {
      const offset = (first + index) * pageSize;
      return {
        queryKey: [...key, offset],
        queryFn: ({ signal }: { signal: AbortSignal }) => readPage(offset, pageSize, signal),
      };
    }),
    combine: toPages<Row>,
  });
  const show = useCallback(
    (from: number, to: number) => {
      const next: [number, number] = [Math.floor(from / pageSize), Math.floor(Math.max(from, to) / pageSize)];
      setRange((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
    },
    [pageSize],
  );
  // Far from what was read, none of the pages on the screen is at hand: how many rows there are, every other one knows.
  const known = client
    .getQueriesData<WindowPage<Row>>({ queryKey: key })
    .find(([, page]) => page)?.[1]?.total;
  const rows = useMemo(
    () => toRows({ pages, first, pageSize, known, show, client, queryKey }),
    [pages, first, pageSize, show, known, client, queryKey],
  );
  // A change of filter or order shows what was there until the new is: no flicker.
  const [before, setBefore] = useState(rows);
  if (!rows.isLoading && before !== rows) setBefore(rows);
  return rows.isLoading && !before.isLoading ? before : rows;
}

/**
 * The rows of a window. Not among what a drawing of the table holds: with `readPage` in reach, which its owner made in a
 * drawing that holds the rows before, each would keep the one before it, for as long as the page is open.
 */
function toRows<Row>({ pages, first, pageSize, known, show, client, queryKey }: Window<Row>): Rows<Row> {
  const pageAt = (place: number) => pages.at(Math.floor(place / pageSize) - first)?.data;
  return {
    total: pages.find((page) => page.data !== undefined)?.data?.total ?? known ?? 0,
    at: (place) => (place < first * pageSize ? undefined : pageAt(place)?.rows[place % pageSize]),
    show,
    isLoading: known === undefined && pages.every((page) => page.data === undefined && page.error === null),
    error: pages.find((page) => page.error !== null && page.data === undefined)?.error ?? null,
    retry: () => void client.refetchQueries({ queryKey, type: "active" }),
  };
}

interface Window<Row> extends Pick<Rows<Row>, "show"> {
  pages: readonly PageState<Row>[];
  /** The number of the first of the pages. */
  first: number;
  pageSize: number;
  /** How many rows there are, as far as it is known without these pages. */
  known: number | undefined;
  client: QueryClient;
  queryKey: QueryKey;
}

interface PageState<Row> {
  data: WindowPage<Row> | undefined;
  error: Error | null;
}

/** Only what is shown: what else a query is does not draw the table anew. */
function toPages<Row>(results: readonly PageState<Row>[]): PageState<Row>[] {
  return results.map(({ data, error }) => ({ data, error }));
}

/** The same key as before while it says the same. */
function useStable(key: QueryKey): QueryKey {
  const [stable, setStable] = useState(key);
  const isSame = hashKey(stable) === hashKey(key);
  if (!isSame) setStable(key);
  return isSame ? stable : key;
}
