import { useNavigate, useParams, useSearch, type AnyRoute } from "@tanstack/react-router";
import { useCallback } from "react";

type SearchOf<R extends AnyRoute> = R["types"]["fullSearchSchema"];
type ParamsOf<R extends AnyRoute> = R["types"]["allParams"];

/**
 * The state of a view, which is its address: what the route's `validateSearch` made of it, and a way to change parts.
 *
 * A change is a step that "back" undoes; `replace` is for what somebody is still typing. Undefined takes a part out.
 */
export function useView<R extends AnyRoute>(
  route: R,
): [SearchOf<R>, (change: Partial<SearchOf<R>>, options?: { replace?: boolean }) => void] {
  const search = useSearch({ from: route.id as never }) as SearchOf<R>;
  const navigate = useNavigate();
  const change = useCallback(
    (next: Partial<SearchOf<R>>, { replace = false } = {}) => {
      void navigate({
        to: ".",
        search: (before: object) => ({ ...before, ...next }),
        replace,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [search, change];
}

/** The parts of a page's address that are parameters, decoded. */
export function usePathParams<R extends AnyRoute>(route: R): ParamsOf<R> {
  return useParams({ from: route.id as never }) as ParamsOf<R>;
}
