import { SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { CopyButton, TimeAgo } from "~/components";

import styles from "./Alert.module.css";
import { Panel } from "./Panel";
import type { Evidence } from "./queries";

type Log = NonNullable<Evidence["logs"]>[number];

/** The last lines of the failing container, of the run that failed first. */
export function Logs({ logs }: { logs: readonly Log[] }) {
  const [chosen, setChosen] = useState(() =>
    String(
      Math.max(
        0,
        logs.findIndex((log) => log.failed),
      ),
    ),
  );
  const log = logs[Number(chosen)] ?? logs[0];
  if (log === undefined) return null;
  const lines = log.text.trimEnd();
  return (
    <Panel title="Log" aside={`${log.pod} / ${log.container}`}>
      <div className={styles.logHead}>
        {logs.length > 1 && (
          <SegmentedControl
            aria-label="Which run"
            value={chosen}
            onChange={setChosen}
            data={logs.map((one, place) => ({ value: String(place), label: nameRun(one, logs) }))}
          />
        )}
        {log.failed && <span className={styles.quiet}>the run that failed</span>}
        {log.truncated && <span className={styles.quiet}>earlier lines are left out</span>}
        {(log.masked ?? 0) > 0 && <span className={styles.quiet}>{log.masked} secrets masked</span>}
        <CopyButton text={lines} label="Copy the log" />
      </div>
      {/* A scroller that keys can reach. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre key={chosen} className={styles.log} ref={scrollToEnd} tabIndex={0} aria-label="Last lines">
        {lines === "" ? "(it wrote nothing)" : lines}
      </pre>
    </Panel>
  );
}

function scrollToEnd(element: HTMLPreElement | null) {
  if (element !== null) element.scrollTop = element.scrollHeight;
}

function nameRun(log: Log, all: readonly Log[]): string {
  const run = log.run === "previous" ? "previous run" : "current run";
  return new Set(all.map((one) => `${one.pod}/${one.container}`)).size > 1 ? `${log.container}, ${run}` : run;
}

/** The cluster's own warnings about the objects. */
export function Events({ events }: { events: NonNullable<Evidence["events"]> }) {
  if (events.length === 0) return null;
  return (
    <Panel title="Warnings" aside="events of the cluster">
      <ul className={styles.events}>
        {events.toReversed().map((event) => (
          <li key={`${event.time} ${event.kind} ${event.name} ${event.reason}`}>
            <div>
              <b>{event.reason}</b> {event.message}{" "}
              <span className={styles.quiet}>
                {event.kind} {event.name}
                {(event.count ?? 1) > 1 && `, ${event.count} times`}
              </span>
            </div>
            <TimeAgo time={event.time} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What could not be gathered, and why. */
export function Gaps({ missing }: { missing: NonNullable<Evidence["missing"]> }) {
  if (missing.length === 0) return null;
  return (
    <Panel title="Not to be had">
      <ul className={styles.words}>
        {missing.map((gap) => (
          <li key={`${gap.part} ${gap.code}`}>
            {gap.part}: {gap.words}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
