import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import type { Rows } from "~/components";

/** Before the last rows at hand are on the screen, the next page is read. */
const AHEAD = 20;

/** Rows of a list that is read page by page, each page naming the next: as many as are at hand, and one on its way. */
export function useCursorRows<Row>(query: UseInfiniteQueryResult<InfiniteData<{ items: Row[] }>>): Rows<Row> {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isPending, error, refetch } = query;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const show = useCallback(
    (_: number, last: number) => {
      if (hasNextPage && !isFetchingNextPage && last >= rows.length - AHEAD) void fetchNextPage();
    },
    [hasNextPage, isFetchingNextPage, fetchNextPage, rows.length],
  );
  return useMemo(
    () => ({
      total: rows.length + (hasNextPage ? 1 : 0),
      at: (place: number) => rows[place],
      show,
      isLoading: isPending,
      error,
      retry: () => void refetch(),
    }),
    [rows, hasNextPage, show, isPending, error, refetch],
  );
}
