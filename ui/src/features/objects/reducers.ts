import type { QueryClient } from "@tanstack/react-query";

import { findKind } from "~/app/kinds";
import type { LiveEvent, LiveReducer } from "~/live";
import { throttledInvalidation } from "~/live/throttle";

import { latestByPlace, patchPage, type Change } from "./patches";
import { keys, type Choice, type Table } from "./queries";

const counts = throttledInvalidation(5_000);
const members = throttledInvalidation(2_000);

/** Rows that are on the screen change at once; which rows there are, in which order, follows in steps. */
export const reducers: readonly LiveReducer[] = [{ types: ["change"], reduce: takeChanges }];

function takeChanges(events: readonly LiveEvent[], client: QueryClient): void {
  const changes = events.map((event) => event.data as Change);
  for (const name of new Set(changes.map((change) => change.kind))) {
    const ofKind = changes.filter((change) => change.kind === name);
    takeKind(client, findKind(name)?.plural ?? name, ofKind);
  }
}

function takeKind(client: QueryClient, kind: string, changes: readonly Change[]): void {
  const key = keys.tables(kind);
  const pages = client.getQueriesData<Table>({ queryKey: key, type: "active" });
  if (pages.length === 0) return;
  const latest = latestByPlace(changes);
  for (const [pageKey, page] of pages) {
    const choice = pageKey[3] as Choice | undefined;
    if (page === undefined || choice?.at !== undefined) continue;
    const patched = patchPage(page, latest, choice?.columns ?? []);
    if (patched !== page) client.setQueryData(pageKey, patched);
  }
  const isMoved = changes.some((change) => change.operation !== "updated");
  (isMoved ? members : counts)(client, key);
  counts(client, keys.heads(kind));
}
