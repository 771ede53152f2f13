import type { QueryClient } from "@tanstack/react-query";

/** One event of the hub's stream: its type (`alert`, `change`, `cluster`, ...) and its body, decoded. */
export interface LiveEvent {
  type: string;
  data: unknown;
}

/**
 * Brings what a feature has read up to date. It gets the events that came since it was last called, oldest first, and
 * either patches the cache or invalidates what it cannot patch.
 */
export interface LiveReducer {
  types: readonly string[];
  reduce: (events: readonly LiveEvent[], client: QueryClient) => void;
}

/** Hand events to the reducers that want them. */
export function applyEvents(
  events: readonly LiveEvent[],
  reducers: readonly LiveReducer[],
  client: QueryClient,
): void {
  for (const reducer of reducers) {
    const wanted = events.filter((event) => reducer.types.includes(event.type));
    if (wanted.length > 0) reducer.reduce(wanted, client);
  }
}
