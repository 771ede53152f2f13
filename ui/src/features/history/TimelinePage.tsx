import { Select } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { useZone } from "~/app/preferences";
import { useView } from "~/app/view";
import { EmptyState, formatExact, formatSpan, QueryView, SeverityBadge } from "~/components";
import { LabelFilter } from "~/components/matchers";

import { historyRoute } from ".";
import { HistoryFrame } from "./HistoryFrame";
import styles from "./History.module.css";
import { statisticsQuery, timelineQuery, TIMELINE_BY, type Statistics, type Timeline } from "./queries";
import { readRange, zoomOut, zoomTo } from "./ranges";
import { describeRollout, nameOf, TimelineView } from "./TimelineView";

const BY = [
  { value: "alertname", label: "By alert name" },
  { value: "cluster", label: "By cluster" },
  { value: "namespace", label: "By namespace" },
];

/** When alerts fired over days, beside what was rolled out, and what that comes to in numbers. */
export function TimelinePage() {
  const [view, setView] = useView(historyRoute);
  const range = readRange(view);
  const by = view.by ?? "alertname";
  const timeline = useQuery({
    ...timelineQuery(range, by, view.cluster, view.alertname),
    placeholderData: keepPreviousData,
  });
  const statistics = useQuery({
    ...statisticsQuery(range, view.cluster, view.alertname),
    placeholderData: keepPreviousData,
  });
  return (
    <HistoryFrame
      title="History"
      view={view}
      onChange={setView}
      filters={
        <>
          <LabelFilter
            name="alertname"
            label="Only alerts of this name"
            placeholder="All alerts"
            width={190}
            isSearch
            value={view.alertname}
            onChange={(alertname) => setView({ alertname })}
          />
          <Select
            aria-label="A row for each"
            w={136}
            allowDeselect={false}
            value={by}
            onChange={(next) => setView({ by: TIMELINE_BY.find((one) => one === next) })}
            data={BY}
          />
        </>
      }
    >
      {statistics.data !== undefined && <Figures statistics={statistics.data} />}
      <QueryView query={timeline}>
        {(found) =>
          found.rows.length === 0 ? (
            <EmptyState
              icon={IconHistory}
              title="Nothing fired in this time"
              text="Choose a longer time above, or ask for fewer conditions."
            />
          ) : (
            <>
              <TimelineView
                timeline={found}
                onZoom={(since, until) => setView(zoomTo(since, until))}
                onZoomOut={() => setView(zoomOut(range, Date.now()))}
              />
              <Legend timeline={found} />
              <AsTable timeline={found} />
            </>
          )
        }
      </QueryView>
    </HistoryFrame>
  );
}

function Figures({ statistics: { totals } }: { statistics: Statistics }) {
  const { firings = 0, alerts = 0, unresolved = 0, neverAcknowledged = 0 } = totals;
  const figures: [name: string, value: string, aside?: string][] = [
    ["Firings", firings.toLocaleString("en"), `of ${alerts.toLocaleString("en")} alerts`],
    ["Still firing", unresolved.toLocaleString("en")],
    ["Time to acknowledge", showMean(totals.meanSecondsToAcknowledge), "mean (MTTA)"],
    ["Time to resolve", showMean(totals.meanSecondsToResolve), "mean (MTTR)"],
    ["Half resolved within", showMean(totals.medianSecondsToResolve)],
    [
      "Never acknowledged",
      neverAcknowledged.toLocaleString("en"),
      firings === 0 ? "" : `${Math.round((100 * neverAcknowledged) / firings)} %`,
    ],
  ];
  return (
    <dl className={styles.figures}>
      {figures.map(([name, value, aside]) => (
        <div key={name} className={styles.figure}>
          <dt>{name}</dt>
          <dd>
            {value} <small>{aside}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function showMean(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? "–" : formatSpan(seconds);
}

function Legend({ timeline }: { timeline: Timeline }) {
  return (
    <div className={styles.foot}>
      {["critical", "warning", "info", "other"].map((severity) => (
        <span key={severity}>
          <i data-severity={severity} />
          {severity}
        </span>
      ))}
      <span>
        <i data-severity="rollout" />
        rollout ({timeline.rollouts.length}
        {timeline.moreRollouts && ", the newest of more"})
      </span>
      {timeline.omittedRows > 0 && <span>and {timeline.omittedRows} more rows: narrow it down</span>}
      <span>Pull across it to zoom in</span>
    </div>
  );
}

const MOST_STRETCHES = 20;

/** The same in words. */
function AsTable({ timeline }: { timeline: Timeline }) {
  const [zone] = useZone();
  return (
    <details className={styles.details}>
      <summary>The same as tables</summary>
      <div className={styles.scroll}>
        <table className={styles.table}>
          <caption>When alerts fired</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Worst severity</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {timeline.rows.map((row) => (
              <tr key={nameOf(row)}>
                <td>{nameOf(row)}</td>
                <td>
                  <SeverityBadge severity={row.severity} />
                </td>
                <td>
                  {row.stretches.slice(-MOST_STRETCHES).map((stretch) => (
                    <div key={stretch.since}>
                      {formatExact(stretch.since, zone)} to {formatExact(stretch.until, zone)}:{" "}
                      {stretch.severity}, {stretch.alerts}
                    </div>
                  ))}
                  {row.stretches.length > MOST_STRETCHES && (
                    <div className={styles.quiet}>and {row.stretches.length - MOST_STRETCHES} before</div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <table className={styles.table}>
          <caption>What was rolled out, the newest first</caption>
          <tbody>
            {timeline.rollouts.slice(0, 100).map((rollout) => (
              <tr key={`${rollout.time} ${rollout.cluster} ${rollout.namespace}/${rollout.name}`}>
                <td>{formatExact(rollout.time, zone)}</td>
                <td>{describeRollout(rollout, zone)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
