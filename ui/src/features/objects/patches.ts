/** What live events do to tables that were read. Pure. */
import type { ObjectPlace, Row, Table } from "./queries";

/** A change as the stream tells it. */
export interface Change {
  cluster: string;
  kind: string;
  namespace: string;
  name: string;
  operation: "created" | "updated" | "deleted";
  row?: Row;
  labels?: Record<string, string>;
}

export function placeOf(one: Pick<Row, "cluster" | "namespace" | "name">): string {
  return `${one.cluster}\n${one.namespace}\n${one.name}`;
}

/** The last change of each object, by place. */
export function latestByPlace(changes: readonly Change[]): Map<string, Change> {
  return new Map(changes.map((change) => [placeOf(change), change]));
}

/**
 * A page of a table with the rows that changed as they are now; the very same page when none of its rows did.
 *
 * Rows stay where they are, also when they no longer fit the filter or the order: what moves under somebody's hand is
 * worse than what is a few seconds old. Reading the page again puts them in their place.
 *
 * @param labelColumns labels whose values stand in the last cells
 */
export function patchPage(
  page: Table,
  changes: ReadonlyMap<string, Change>,
  labelColumns: readonly string[],
): Table {
  const rows = page.rows.map((row) => {
    const change = changes.get(placeOf(row));
    if (change?.row === undefined) return row;
    const labels = labelColumns.map((label) => change.labels?.[label] ?? null);
    return { ...change.row, cells: [...change.row.cells, ...labels] };
  });
  const isSame = rows.every((row, index) => row === page.rows[index]);
  return isSame ? page : { ...page, rows };
}

/**
 * Whether a change may show on an object's page: of the object itself, of its events, and of what it owns or is owned
 * by, which bear its name or the beginning of it.
 */
export function concerns(change: Change, place: ObjectPlace): boolean {
  if (change.cluster !== place.cluster || change.namespace !== place.namespace) return false;
  return change.name.startsWith(place.name) || place.name.startsWith(change.name);
}
