import { queryOptions } from "@tanstack/react-query";

import { post, request } from "~/api";
import { useAction } from "~/app/action";

/** What is known of receivers, wherever it is read: a test changes how it went lately. */
export const RECEIVERS = ["receivers"] as const;

/** The names of those that can be told of alerts. */
export const receiverNamesQuery = queryOptions({
  queryKey: [...RECEIVERS, "names"],
  queryFn: async ({ signal }) =>
    ((await request("GET", "/api/v2/receivers", { signal })) as { name: string }[]).map(({ name }) => name),
});

/** Sends a test to a receiver, and holds how each of its integrations took it. */
export function useReceiverTest() {
  return useAction(RECEIVERS, (name: string) =>
    post("/api/v1/alerting/receivers/{name}/test", { path: { name } }),
  );
}
