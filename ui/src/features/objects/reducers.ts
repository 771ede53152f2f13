import type { QueryClient } from "@tanstack/react-query";

import { findKind } from "~/app/kinds";
import type { LiveEvent, LiveReducer } from "~/live";
import { throttledInvalidation } from "~/live/throttle";

import { concerns, latestByPlace, patchPage, type Change } from "./patches";
import { keys, type Choice, type ObjectPlace, type Table } from "./queries";

const counts = throttledInvalidation(5_000);
const members = throttledInvalidation(2_000);
const refresh = throttledInvalidation(1_000);

/** Rows that are on the screen change at once; which rows there are, in which order, follows in steps. */
export const reducers: readonly LiveReducer[] = [
  { types: ["change"], reduce: takeChanges },
  { types: ["alert"], reduce: (_, client) => refresh(client, ["objects", "one"]) },
];

function takeChanges(events: readonly LiveEvent[], client: QueryClient): void {
  const changes = events.map((event) => event.data as Change);
  takeObjects(client, changes);
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

/** The object that is open is read again when it changes, or something that it may own or be owned by. */
function takeObjects(client: QueryClient, changes: readonly Change[]): void {
  for (const query of client.getQueryCache().findAll({ queryKey: ["objects", "one"], type: "active" })) {
    const place = query.queryKey[2] as ObjectPlace;
    const at = query.queryKey[3] === "detail" ? query.queryKey[4] : undefined;
    if (at === undefined && changes.some((change) => concerns(change, place)))
      refresh(client, query.queryKey);
  }
}
