import type { Column } from "~/components/DataTable";
import { joinMatchers, splitMatchers } from "~/components/matchers";

import styles from "./Silencing.module.css";

/** What the rows of every table of silences have. */
interface SilenceRow {
  matchers: string;
  comment: string;
  createdBy: string;
}

/** Matchers, as people write them. */
export function Matchers({ text }: { text: string }) {
  return <span className={styles.matchers}>{joinMatchers(splitMatchers(text))}</span>;
}

export const matchersColumn: Column<SilenceRow> = {
  id: "matchers",
  title: "Alerts with",
  width: { share: 3 },
  cell: ({ matchers }) => (
    <span title={matchers}>
      <Matchers text={matchers} />
    </span>
  ),
};

export const commentColumn: Column<SilenceRow> = {
  id: "comment",
  title: "Why",
  width: { share: 2 },
  from: 700,
  cell: ({ comment }) => <span title={comment}>{comment}</span>,
};

export const authorColumn: Column<SilenceRow> = {
  id: "by",
  title: "By",
  width: { pixels: 110 },
  cell: ({ createdBy }) => createdBy,
};
