import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { get, type components } from "~/api";

import { isMatcher } from "./matchers";

type Status = components["schemas"]["alerting_board_standing_Status"];

/** So many completions are shown. */
const MOST = 50;

/** So long after the last letter the hub is asked, in milliseconds. */
export const PAUSE_MS = 120;

/**
 * The labels that alerts have, or the values of one (`name`), with how many alerts have them.
 *
 * @param typed what stands somewhere in each
 * @param filter matchers that the alerts fulfil; what is no matcher is left out
 */
export const labelsQuery = (
  name: string | undefined,
  typed: string,
  filter: readonly string[] = [],
  status?: Status,
) =>
  queryOptions({
    queryKey: ["alerts", "labels", name, typed, filter, status],
    queryFn: ({ signal }) => {
      const query = { search: typed.slice(0, 200), limit: MOST, filter: filter.filter(isMatcher), status };
      return name === undefined
        ? get("/api/v1/alerts/labels", { query, signal })
        : get("/api/v1/alerts/labels/{name}/values", { path: { name }, query, signal });
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
