import { Checkbox, Skeleton, VisuallyHidden } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import styles from "./DataTable.module.css";
import { EmptyState } from "./EmptyState";
import { ErrorState } from "./ErrorState";
import { Placeholder } from "./Placeholder";
import type { Rows } from "./rows";

export interface Column<Row> {
  id: string;
  /** May be empty for what can be done with a row. */
  title: string;
  cell: (row: Row) => ReactNode;
  /** Share of the width against the others'; or fixed, in pixels. */
  width?: { share: number } | { pixels: number };
  /** Whether the table can be sorted by it. */
  sortable?: boolean;
  align?: "end";
  /** The table's least width, in pixels, at which it is shown. */
  from?: number;
}

/** `name` ascending, `-name` descending. */
export type Sort = string;

export interface DataTableProps<Row> {
  /** What it is a table of, for those who hear it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: Rows<Row>;
  rowKey: (row: Row) => string;
  /** What Enter and a click on a row do. */
  onOpen?: (row: Row) => void;
  /** Takes other keys, with the row that one is at; says whether it knew the key. */
  onKey?: (key: string, row: Row | undefined) => boolean;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  /** Keys of the rows that are selected, and what to do when they change; without, none can be. */
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  /** A row in two lines, for screens too narrow for columns. */
  narrow?: (row: Row) => ReactNode;
  empty?: ReactNode;
  /** Height of a row, in pixels. */
  rowHeight?: number;
  /** Height of the table, in CSS; it scrolls within. */
  height?: string;
}

const NARROW = 560;
const NARROW_ROW = 60;
const OVERSCAN = 12;

/**
 * A table of any length: only what is on the screen is drawn, and only that is asked of the server.
 *
 * The keyboard: arrows or `j`/`k` move from row to row, Enter opens, `x` selects, Home and End go to the ends.
 */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  onOpen,
  onKey,
  sort,
  onSort,
  selected,
  onSelect,
  narrow,
  empty,
  rowHeight = 32,
  height = "calc(100dvh - 190px)",
}: DataTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: measured, width } = useElementSize();
  const reference = useMergedRef(scroller, measured);
  const isNarrow = narrow !== undefined && width > 0 && width < NARROW;
  const [current, setCurrent] = useState(0);
  const size = isNarrow ? NARROW_ROW : rowHeight;
  const virtual = useVirtualizer({
    count: rows.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: OVERSCAN,
  });
  useEffect(() => virtual.measure(), [virtual, size]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const { show } = rows;
  useEffect(() => show(first, last), [show, first, last]);

  const shown = useMemo(
    () => (isNarrow ? [] : columns.filter((column) => (column.from ?? 0) <= Math.max(width, 1))),
    [columns, isNarrow, width],
  );
  const cursor = Math.min(current, Math.max(0, rows.total - 1));

  const moveTo = (place: number) => {
    const next = Math.max(0, Math.min(rows.total - 1, place));
    setCurrent(next);
    virtual.scrollToIndex(next);
  };
  const toggle = (row: Row) => {
    if (selected === undefined || onSelect === undefined) return;
    const next = new Set(selected);
    const key = rowKey(row);
    if (!next.delete(key)) next.add(key);
    onSelect(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest("input,textarea,select,[contenteditable]")) {
      if (event.key !== "Escape" && event.target.getAttribute("type") !== "checkbox") return;
    }
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / size) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    const row = rows.at(cursor);
    if (step !== undefined) moveTo(cursor + step);
    else if (event.key === "x" && row !== undefined) toggle(row);
    else if (event.key === "Enter" && row !== undefined && event.target === event.currentTarget)
      onOpen?.(row);
    else if (onKey?.(event.key, row) !== true) return;
    event.preventDefault();
  };

  const onRowsClick = (target: EventTarget) => {
    const line = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
    if (line === null) return;
    const place = Number(line.dataset.index);
    const row = rows.at(place);
    setCurrent(place);
    if (row === undefined) return;
    if (target instanceof Element && target.closest("[data-pick]") !== null) toggle(row);
    else if (!isInteractive(target)) onOpen?.(row);
  };

  if (rows.error !== null && rows.total === 0) return <ErrorState error={rows.error} retry={rows.retry} />;
  if (!rows.isLoading && rows.total === 0) return empty ?? <EmptyState title="Nothing here" />;

  const template = [
    ...(selected === undefined ? [] : ["32px"]),
    ...(isNarrow ? ["minmax(0, 1fr)"] : shown.map(toTrack)),
  ].join(" ");
  const allSelected = selected !== undefined && rows.total > 0 && selected.size >= rows.total;
  return (
    <div
      ref={reference}
      className={styles.scroller}
      style={{ maxHeight: height }}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.isLoading ? -1 : rows.total + 1}
      aria-multiselectable={selected === undefined ? undefined : true}
      aria-activedescendant={rows.total > 0 ? rowId(label, cursor) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      data-table=""
    >
      <div className={styles.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        {selected !== undefined && (
          <div role="columnheader" aria-label="Selected">
            <Checkbox
              aria-label="Select all rows at hand"
              checked={allSelected}
              indeterminate={!allSelected && selected.size > 0}
              onChange={() => onSelect?.(selected.size > 0 ? new Set() : keysAtHand(rows, rowKey))}
            />
          </div>
        )}
        {isNarrow ? (
          <div role="columnheader">{label}</div>
        ) : (
          shown.map((column) => <Head key={column.id} column={column} sort={sort} onSort={onSort} />)
        )}
      </div>
      {rows.isLoading ? (
        <Waiting />
      ) : (
        // The grid takes the keys: a row is a place in it, not a stop of its own.
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
        <div
          className={styles.rows}
          role="rowgroup"
          style={{ height: virtual.getTotalSize() }}
          onClick={(event) => onRowsClick(event.target)}
        >
          {items.map((item) => {
            const row = rows.at(item.index);
            return (
              <Line
                key={item.key}
                id={rowId(label, item.index)}
                index={item.index}
                start={item.start}
                size={size}
                row={row}
                columns={shown}
                narrow={isNarrow ? narrow : undefined}
                template={template}
                isCurrent={item.index === cursor}
                selected={selected === undefined ? undefined : row !== undefined && selected.has(rowKey(row))}
                opens={onOpen !== undefined}
              />
            );
          })}
        </div>
      )}
    </div>
  );
}

interface LineProps<Row> {
  id: string;
  index: number;
  start: number;
  size: number;
  row: Row | undefined;
  columns: readonly Column<Row>[];
  narrow: ((row: Row) => ReactNode) | undefined;
  template: string;
  isCurrent: boolean;
  /** Undefined where rows cannot be selected. */
  selected: boolean | undefined;
  opens: boolean;
}

/** One row. It is drawn again only when something about it has changed: scrolling draws the new ones alone. */
const Line = memo(LineOnce) as typeof LineOnce;

function LineOnce<Row>(line: LineProps<Row>) {
  const { id, index, start, size, row, columns, narrow, template, isCurrent, selected, opens } = line;
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={styles.row}
      data-index={index}
      data-current={isCurrent || undefined}
      data-selected={selected === true || undefined}
      data-opens={opens || undefined}
      style={{ gridTemplateColumns: template, height: size, transform: `translateY(${start}px)` }}
    >
      {selected !== undefined && (
        <div role="gridcell">
          <input
            type="checkbox"
            className={styles.pick}
            data-pick=""
            aria-label="Select this row"
            tabIndex={-1}
            checked={selected}
            disabled={row === undefined}
            readOnly
          />
        </div>
      )}
      {narrow !== undefined ? (
        <div role="gridcell" className={styles.cell}>
          {row === undefined ? <Placeholder width="70%" /> : narrow(row)}
        </div>
      ) : (
        columns.map((column) => (
          <div key={column.id} role="gridcell" className={styles.cell} data-align={column.align}>
            {row === undefined ? <Placeholder width="60%" /> : column.cell(row)}
          </div>
        ))
      )}
    </div>
  );
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}) {
  const ascending = sort === column.id;
  const descending = sort === `-${column.id}`;
  if (column.sortable !== true || onSort === undefined) {
    return (
      <div role="columnheader" data-align={column.align}>
        {column.title || <VisuallyHidden>Actions</VisuallyHidden>}
      </div>
    );
  }
  return (
    <div
      role="columnheader"
      data-align={column.align}
      aria-sort={ascending ? "ascending" : descending ? "descending" : "none"}
    >
      <button type="button" onClick={() => onSort(ascending ? `-${column.id}` : column.id)}>
        {column.title}
        {ascending && <IconArrowUp size={12} />}
        {descending && <IconArrowDown size={12} />}
      </button>
    </div>
  );
}

function Waiting() {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: 12 }, (_, place) => (
        <Skeleton key={place} height={12} mx={10} my={10} width={`${92 - ((place * 23) % 50)}%`} />
      ))}
    </div>
  );
}

function toTrack<Row>({ width = { share: 1 } }: Column<Row>): string {
  return "pixels" in width ? `${width.pixels}px` : `minmax(0, ${width.share}fr)`;
}

function rowId(label: string, place: number): string {
  return `row-${label.replace(/\W+/g, "-")}-${place}`;
}

function keysAtHand<Row>(rows: Rows<Row>, rowKey: (row: Row) => string): Set<string> {
  const keys = new Set<string>();
  for (let place = 0; place < rows.total; place += 1) {
    const row = rows.at(place);
    if (row !== undefined) keys.add(rowKey(row));
  }
  return keys;
}

function isInteractive(target: EventTarget): boolean {
  return target instanceof Element && target.closest("a,button,input,label,[role=menuitem]") !== null;
}
