import type { QueryClient, QueryKey } from "@tanstack/react-query";

/**
 * Invalidates at most once in so many milliseconds, however much happens: the first time soon, then in steps.
 *
 * For what a feature shows that events do not carry: counts, orders, sums.
 */
export function throttledInvalidation(milliseconds: number) {
  const waiting = new Map<string, number>();
  return (client: QueryClient, key: QueryKey) => {
    const name = JSON.stringify(key);
    if (waiting.has(name)) return;
    waiting.set(
      name,
      window.setTimeout(() => {
        waiting.delete(name);
        void client.invalidateQueries({ queryKey: key });
      }, milliseconds),
    );
  };
}
