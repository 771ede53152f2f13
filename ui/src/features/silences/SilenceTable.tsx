import type { ReactNode } from "react";

import { DataTable, fixedRows, StatusBadge, TimeAgo, type Column, type Level } from "~/components";
import { joinMatchers, splitMatchers } from "~/components/matchers";
import type { Silence } from "~/components/silencing";

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
        <span className={styles.narrow}>
          <span className={styles.matchers}>{joinMatchers(splitMatchers(silence.matchers))}</span>
          <StatusBadge level={LEVELS[stateAt(silence, now)] ?? "unknown"} word={stateAt(silence, now)} />
          <span className={styles.quiet}>
            {silence.createdBy}: {silence.comment}
          </span>
          <TimeAgo time={silence.endsAt} />
        </span>
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
    {
      id: "matchers",
      title: "Alerts with",
      width: { share: 3 },
      cell: ({ matchers }) => (
        <span className={styles.matchers} title={matchers}>
          {joinMatchers(splitMatchers(matchers))}
        </span>
      ),
    },
    {
      id: "comment",
      title: "Why",
      width: { share: 2 },
      from: 700,
      cell: ({ comment }) => <span title={comment}>{comment}</span>,
    },
    { id: "by", title: "By", width: { pixels: 110 }, cell: ({ createdBy }) => createdBy },
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
