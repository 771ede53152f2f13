import { SegmentedControl } from "@mantine/core";
import { IconMoodSmile } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { useView } from "~/app/view";
import { EmptyState, formatSpan, QueryView } from "~/components";

import { noiseRoute } from ".";
import { HistoryFrame, type TimeView } from "./HistoryFrame";
import styles from "./History.module.css";
import { noiseQuery, NOISE_BY, type NoiseReport, type NoiseRow } from "./queries";
import { readRange } from "./ranges";

type By = (typeof NOISE_BY)[number];

const LABELS: Record<By, string> = { alertname: "By alert", cluster: "By cluster", receiver: "By receiver" };

/** What pages people for little: what to mend first. */
export function NoisePage() {
  const [view, setView] = useView(noiseRoute);
  const by = view.by ?? "alertname";
  const noise = useQuery({
    ...noiseQuery(readRange(view), by, view.cluster),
    placeholderData: keepPreviousData,
  });
  return (
    <HistoryFrame
      title="Noise"
      view={view}
      onChange={setView}
      filters={
        <SegmentedControl
          aria-label="What firings are put together by"
          value={by}
          onChange={(next) => setView({ by: NOISE_BY.find((one) => one === next) })}
          data={NOISE_BY.map((one) => ({ value: one, label: LABELS[one] }))}
        />
      }
    >
      <QueryView query={noise}>
        {(report) =>
          report.mostFrequent.length === 0 ? (
            <EmptyState
              icon={IconMoodSmile}
              title="Nothing fired in this time"
              text="Choose a longer time above."
            />
          ) : (
            <div className={styles.reports}>
              {REPORTS.map((told) => (
                <Report key={told.title} told={told} rows={report[told.rows]} by={by} view={view} />
              ))}
            </div>
          )
        }
      </QueryView>
    </HistoryFrame>
  );
}

interface Told {
  title: string;
  text: string;
  rows: keyof Pick<NoiseReport, "mostFrequent" | "mostFlapping" | "neverAcknowledged" | "longest">;
  /** What the rows are compared by. */
  size: (row: NoiseRow) => number;
  show: (row: NoiseRow) => string;
}

const REPORTS: readonly Told[] = [
  {
    title: "Fires most often",
    text: "Raise its limit or its hold, or mend what it tells of.",
    rows: "mostFrequent",
    size: ({ firings }) => firings,
    show: ({ firings, alerts, notifications = 0 }) =>
      `${firings} firings of ${alerts}, ${notifications} messages`,
  },
  {
    title: "Comes and goes",
    text: "Alerts that fired three times or more: a longer calm keeps them together.",
    rows: "mostFlapping",
    size: ({ flapping }) => flapping,
    show: ({ flapping, firings }) => `${flapping} flapping, ${firings} firings`,
  },
  {
    title: "Never acknowledged",
    text: "Nobody took these on: perhaps nobody needs to be told.",
    rows: "neverAcknowledged",
    size: ({ neverAcknowledged }) => neverAcknowledged,
    show: ({ neverAcknowledged, firings }) => `${neverAcknowledged} of ${firings} firings`,
  },
  {
    title: "Lasts longest",
    text: "What fires for days is a state, not an alert: mend it, or silence it with a reason.",
    rows: "longest",
    size: ({ longestSeconds }) => longestSeconds,
    show: ({ longestSeconds, firingSeconds }) =>
      `${formatSpan(longestSeconds)} at the longest, ${formatSpan(firingSeconds)} in all`,
  },
];

function Report({
  told: { title, text, size, show },
  rows,
  by,
  view,
}: {
  told: Told;
  rows: readonly NoiseRow[];
  by: By;
  view: TimeView;
}) {
  const most = Math.max(...rows.map(size), 1);
  return (
    <section className={styles.report} aria-label={title}>
      <h2>{title}</h2>
      <p>{text}</p>
      {rows.length === 0 ? (
        <span className={styles.quiet}>Nothing does.</span>
      ) : (
        <ol>
          {rows.map((row) => (
            <li key={row.value}>
              <span className={styles.meter} style={{ width: `${(100 * size(row)) / most}%` }} aria-hidden />
              <Name by={by} value={row.value} view={view} />
              <span className={styles.quiet}>{show(row)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** Leads to where it can be seen when it fired, or who was told. */
function Name({
  by,
  value,
  view: { span, since, until, cluster },
}: {
  by: By;
  value: string;
  view: TimeView;
}) {
  if (value === "") return <span>(none)</span>;
  const time = { span, since, until };
  const [to, search] =
    by === "receiver"
      ? [paths.notifications(), { ...time, cluster, receiver: value }]
      : [
          paths.history(),
          by === "cluster" ? { ...time, cluster: value } : { ...time, cluster, alertname: value },
        ];
  return (
    <Link to={to} search={search} title={value}>
      {value}
    </Link>
  );
}
