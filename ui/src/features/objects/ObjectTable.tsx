import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

import type { Kind } from "~/app/kinds";
import { paths } from "~/app/paths";
import type { Search } from "~/app/search";
import { DataTable, EmptyState, StatusBadge, useWindow, type Column } from "~/components";
import { RowLink } from "~/components/RowLink";

import { Cell } from "./Cell";
import styles from "./Objects.module.css";
import { keys, headQuery, readRows, type Choice, type Row, type TableColumn } from "./queries";
import { placeOf } from "./patches";
import { TableFilters } from "./TableFilters";

/** What a table's address says. */
export interface TableSearch {
  q?: string;
  cluster?: string[];
  namespace?: string[];
  level?: string[];
  status?: string[];
  labels?: string;
  column?: string[];
  wide?: true;
  sort?: string;
  at?: string;
}

export interface TableProps {
  kind: Kind;
  /** The one cluster it is of; without, all. */
  cluster?: string;
  search: TableSearch;
  onSearch: (change: Partial<TableSearch>, options?: { replace?: boolean }) => void;
}

const NO_FILTERS = {
  q: undefined,
  cluster: undefined,
  namespace: undefined,
  level: undefined,
  status: undefined,
  labels: undefined,
} satisfies Partial<TableSearch>;

/** A table of objects, however many: the hub searches, filters, sorts and counts, and its stream keeps rows live. */
export function ObjectTable({ kind, cluster, search, onSearch }: TableProps) {
  const choice = useChoice(kind, cluster, search);
  const head = useQuery(headQuery(choice));
  const read = useCallback(
    (offset: number, limit: number, signal: AbortSignal) => readRows(choice, offset, limit, signal),
    [choice],
  );
  const rows = useWindow<Row>(keys.table(choice), read);
  const navigate = useNavigate();
  const along = useMemo(() => ({ at: search.at }), [search.at]);
  const columns = useMemo(
    () => toColumns(kind, cluster, head.data?.columns ?? [], search.wide === true, along),
    [kind, cluster, head.data?.columns, search.wide, along],
  );
  const open = (row: Row) =>
    void navigate({
      to: paths.object(row.cluster, kind.plural, row.namespace, row.name),
      search: along,
    });
  return (
    <>
      <TableFilters
        kind={kind}
        cluster={cluster}
        search={search}
        onSearch={onSearch}
        facets={head.data?.facets ?? undefined}
        total={rows.isLoading ? undefined : rows.total}
      />
      <DataTable
        label={cluster === undefined ? kind.title : `${kind.title} in ${cluster}`}
        columns={columns}
        rows={rows}
        rowKey={placeOf}
        onOpen={open}
        sort={search.sort}
        onSort={(sort) => onSearch({ sort }, { replace: true })}
        narrow={(row) => <NarrowRow row={row} cluster={cluster} />}
        height="calc(100dvh - 236px)"
        empty={<NoRows kind={kind} search={search} onSearch={onSearch} />}
      />
    </>
  );
}

function useChoice(kind: Kind, cluster: string | undefined, search: TableSearch): Choice {
  const { q, namespace, level, status, labels, column, sort, at } = search;
  const clusters = useMemo(
    () => (cluster === undefined ? search.cluster : [cluster]),
    [cluster, search.cluster],
  );
  return useMemo(
    () => ({
      kind: kind.plural,
      cluster: clusters,
      namespace,
      level,
      status,
      labels,
      search: q,
      columns: column,
      sort,
      at,
    }),
    [kind, clusters, namespace, level, status, labels, q, column, sort, at],
  );
}

function toColumns(
  kind: Kind,
  cluster: string | undefined,
  own: readonly TableColumn[],
  wide: boolean,
  along: Search,
): Column<Row>[] {
  const cells = own.flatMap((column, place): Column<Row>[] => {
    // What does not fit a narrower table is still on the object's own page.
    const from = column.wide ? (wide ? 0 : undefined) : place < 2 ? 0 : 620 + place * 60;
    if (from === undefined) return [];
    return [
      {
        id: column.id,
        title: column.title,
        sortable: true,
        width: widthOf(column),
        align: isNumber(column) ? "end" : undefined,
        from,
        cell: (row) => <Cell type={column.type} value={row.cells[place]} />,
      },
    ];
  });
  const status: Column<Row> = {
    id: "status",
    title: "Status",
    sortable: true,
    width: { pixels: 152 },
    cell: ({ status: { level, word, reason } }) => <StatusBadge level={level} word={word} reason={reason} />,
  };
  const name: Column<Row> = {
    id: "name",
    title: "Name",
    sortable: true,
    width: { share: 3 },
    cell: (row) => (
      <RowLink
        className={styles.name}
        to={paths.object(row.cluster, kind.plural, row.namespace, row.name)}
        search={along}
        title={row.name}
      >
        {row.name}
      </RowLink>
    ),
  };
  const namespace: Column<Row> = {
    id: "namespace",
    title: "Namespace",
    sortable: true,
    width: { share: 1.5 },
    from: 480,
    cell: (row) => row.namespace,
  };
  const clusters: Column<Row> = {
    id: "cluster",
    title: "Cluster",
    sortable: true,
    width: { share: 1.7 },
    cell: (row) => row.cluster,
  };
  return [
    name,
    ...(kind.namespaced ? [namespace] : []),
    ...(cluster === undefined ? [clusters] : []),
    ...(hasStatus(kind) ? [status] : []),
    ...cells,
  ];
}

/** Of these there is no status to tell: they are there or not. */
function hasStatus(kind: Kind): boolean {
  return kind.name !== "ConfigMap";
}

function isNumber(column: TableColumn): boolean {
  return column.type === "integer" || column.type === "ratio" || column.type === "seconds";
}

function widthOf(column: TableColumn): { share: number } | { pixels: number } {
  if (column.type === "time" || isNumber(column))
    return { pixels: 28 + Math.max(46, column.title.length * 7) };
  if (column.type === "quantity") return { pixels: 100 };
  return { share: column.id === "message" ? 4 : column.id === "object" || column.id === "images" ? 2 : 1.3 };
}

function NarrowRow({ row, cluster }: { row: Row; cluster: string | undefined }) {
  const place = [cluster === undefined ? row.cluster : "", row.namespace].filter(Boolean).join(" · ");
  return (
    <div className={styles.narrow}>
      <div className={styles.narrowName}>{row.name}</div>
      <div className={styles.narrowPlace}>
        <StatusBadge level={row.status.level} word={row.status.word} />
        <span className={styles.quiet}>{place}</span>
      </div>
    </div>
  );
}

function NoRows({ kind, search, onSearch }: Pick<TableProps, "kind" | "search" | "onSearch">) {
  const isFiltered = Object.keys(NO_FILTERS).some((name) => search[name as keyof TableSearch] !== undefined);
  if (!isFiltered) {
    const when = search.at === undefined ? "There are none" : "There were none then";
    return (
      <EmptyState
        title={`${when}: no ${kind.title.toLowerCase()}`}
        text="As soon as an agent tells of one, it shows here by itself."
      />
    );
  }
  return (
    <EmptyState title={`No ${kind.title.toLowerCase()} fit`} text="Search for less, or take filters away.">
      <Button variant="default" onClick={() => onSearch(NO_FILTERS)}>
        Show all
      </Button>
    </EmptyState>
  );
}
