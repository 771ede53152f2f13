import type { ReactNode } from "react";

import { DataTable, fixedRows, StatusBadge, TimeAgo, type Column, type Level } from "~/components";
import type { Silence } from "~/components/silencing";
import { NarrowRow } from "~/components/NarrowRow";
import { authorColumn, commentColumn, Matchers, matchersColumn } from "~/components/silencing/columns";

import { stateAt } from "./live";
import styles from "./Silences.module.css";

export const LEVELS: Record<string, Level> = { active: "ok", pending: "warn", expired: "done" };

/** Silences row by row; Enter opens, `e` changes, `c` copies. */
export function SilenceTable({
  silences,
  now,
  empty,
  onOpen,
  onChange,
  onCopy,
}: {
  silences: readonly Silence[];
  now: number;
  empty: ReactNode;
  onOpen: (silence: Silence) => void;
  onChange: (silence: Silence) => void;
  onCopy: (silence: Silence) => void;
}) {
  const onKey = (key: string, silence: Silence | undefined) => {
    if (silence === undefined || (key !== "e" && key !== "c")) return false;
    if (key === "e" && stateAt(silence, now) !== "expired") onChange(silence);
    else onCopy(silence);
    return true;
  };
  return (
    <DataTable
      label="Silences"
      columns={columnsAt(now)}
      rows={fixedRows(silences)}
      rowKey={(silence) => silence.id}
      onOpen={onOpen}
      onKey={onKey}
      empty={empty}
      narrow={(silence) => (
        <NarrowRow>
          <Matchers text={silence.matchers} />
          <StatusBadge level={LEVELS[stateAt(silence, now)] ?? "unknown"} word={stateAt(silence, now)} />
          <span className={styles.quiet}>
            {silence.createdBy}: {silence.comment}
          </span>
          <TimeAgo time={silence.endsAt} />
        </NarrowRow>
      )}
      height="calc(100dvh - 160px)"
    />
  );
}

function columnsAt(now: number): Column<Silence>[] {
  return [
    {
      id: "state",
      title: "State",
      width: { pixels: 92 },
      cell: (silence) => {
        const state = stateAt(silence, now);
        return <StatusBadge level={LEVELS[state] ?? "unknown"} word={state} />;
      },
    },
    matchersColumn,
    commentColumn,
    authorColumn,
    {
      id: "hushes",
      title: "Hushes",
      width: { pixels: 70 },
      align: "end",
      from: 600,
      cell: (silence) => (stateAt(silence, now) === "expired" ? "" : silence.hushes),
    },
    {
      id: "starts",
      title: "Begins",
      width: { pixels: 100 },
      align: "end",
      from: 840,
      cell: ({ startsAt }) => <TimeAgo time={startsAt} />,
    },
    {
      id: "ends",
      title: "Ends",
      width: { pixels: 100 },
      align: "end",
      cell: ({ endsAt }) => <TimeAgo time={endsAt} />,
    },
  ];
}
