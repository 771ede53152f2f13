import { paths } from "~/app/paths";
import { SeverityBadge, TimeAgo, type Column } from "~/components";
import { NarrowRow } from "~/components/NarrowRow";
import { RowLink } from "~/components/RowLink";

import { AlertMarks } from "./AlertMarks";
import styles from "./Alerts.module.css";
import type { Alert } from "./queries";
import { readName, readSubject, readSummary } from "./subject";

/** The columns of a table of alerts. */
export const alertColumns: readonly Column<Alert>[] = [
  {
    id: "severity",
    title: "Severity",
    width: { pixels: 84 },
    sortable: true,
    cell: ({ labels }) => <SeverityBadge severity={labels.severity} />,
  },
  {
    id: "name",
    title: "Alert",
    width: { share: 6 },
    sortable: true,
    cell: (alert) => <Title alert={alert} />,
  },
  { id: "object", title: "Object", width: { share: 2 }, from: 860, cell: ({ labels }) => objectOf(labels) },
  {
    id: "cluster",
    title: "Cluster",
    width: { pixels: 128 },
    from: 720,
    cell: ({ labels }) => <span title={labels.cluster}>{labels.cluster}</span>,
  },
  {
    id: "state",
    title: "State",
    width: { pixels: 118 },
    from: 640,
    cell: (alert) => <AlertMarks alert={alert} />,
  },
  {
    id: "receiver",
    title: "Receiver",
    width: { pixels: 104 },
    from: 1000,
    cell: ({ receivers = [] }) => <span title={receivers.join(", ")}>{receivers.join(", ")}</span>,
  },
  {
    id: "age",
    title: "Age",
    width: { pixels: 70 },
    sortable: true,
    align: "end",
    cell: ({ startsAt }) => <TimeAgo time={startsAt} style="span" />,
  },
];

function Title({ alert }: { alert: Alert }) {
  const summary = readSummary(alert);
  return (
    <span className={alert.status === "resolved" ? styles.over : undefined} title={summary}>
      <RowLink to={paths.alert(alert.fingerprint)} className={`${styles.link} ${styles.name}`}>
        {readName(alert.labels)}
      </RowLink>
      <span className={styles.summary}>{summary}</span>
    </span>
  );
}

function objectOf(labels: Record<string, string>) {
  const { namespace, name, kind } = readSubject(labels);
  const words = namespace === "" ? name : `${namespace}/${name}`;
  return (
    <span className={styles.quiet} title={`${kind} ${words}`}>
      {words}
    </span>
  );
}

/** An alert in two lines. */
export function NarrowAlert({ alert }: { alert: Alert }) {
  return (
    <NarrowRow>
      <span>
        <SeverityBadge severity={alert.labels.severity} /> <Title alert={{ ...alert, annotations: {} }} />
      </span>
      <TimeAgo time={alert.startsAt} style="span" />
      <span className={styles.quiet}>{readSummary(alert)}</span>
      <AlertMarks alert={alert} />
    </NarrowRow>
  );
}
