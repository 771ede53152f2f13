import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ErrorState } from "./ErrorState";
import { LoadingState } from "./LoadingState";

/** A query's result in whatever state it is: what was read stays shown, also when reading it again failed. */
export function QueryView<T>({
  query,
  loading = <LoadingState />,
  children,
}: {
  query: UseQueryResult<T>;
  loading?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return loading;
}
