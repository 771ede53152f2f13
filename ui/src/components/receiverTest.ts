import { post } from "~/api";
import { useAction } from "~/app/action";

/** What is known of receivers, wherever it is read: a test changes how it went lately. */
export const RECEIVERS = ["receivers"] as const;

/** Sends a test to a receiver, and holds how each of its integrations took it. */
export function useReceiverTest() {
  return useAction(RECEIVERS, (name: string) =>
    post("/api/v1/alerting/receivers/{name}/test", { path: { name } }),
  );
}
