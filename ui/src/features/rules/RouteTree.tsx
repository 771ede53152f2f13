import { VisuallyHidden } from "@mantine/core";

import { formatSpan } from "~/components";

import type { Explanation, Route } from "./queries";
import styles from "./Rules.module.css";

type Visit = Explanation["routes"][number];

/** The tree of routes, drawn; with visits, the path that an alert takes is lit up. */
export function RouteTree({ root, visits }: { root: Route; visits?: readonly Visit[] | undefined }) {
  const byRoute = visits && new Map(visits.map((visit) => [visit.route, visit]));
  return (
    <ul className={styles.tree} aria-label="Routes" data-testing={visits !== undefined || undefined}>
      <RouteBranch route={root} visits={byRoute} />
    </ul>
  );
}

function RouteBranch({ route, visits }: { route: Route; visits: Map<string, Visit> | undefined }) {
  const visit = visits?.get(route.route);
  return (
    <li>
      <div
        className={styles.route}
        data-verdict={visits === undefined ? undefined : (visit?.verdict ?? "skipped")}
      >
        <div className={styles.head}>
          {route.matchers === "{}" ? <span>every alert</span> : <code>{route.matchers}</code>}
          <span className={styles.arrow} aria-hidden>
            →
          </span>
          <VisuallyHidden>goes to</VisuallyHidden>
          <b>{route.receiver}</b>
          {route.continue && <span className={styles.tag}>continues</span>}
          {visit?.verdict === "taken" && <span className={styles.taken}>taken</span>}
        </div>
        <div className={styles.timers}>{describeTimers(route)}</div>
        {visit !== undefined && <div className={styles.reason}>{visit.words}</div>}
      </div>
      {route.routes.length > 0 && (
        <ul>
          {route.routes.map((child) => (
            <RouteBranch key={child.route} route={child} visits={visits} />
          ))}
        </ul>
      )}
    </li>
  );
}

function describeTimers(route: Route): string {
  const groups =
    route.groupBy === null
      ? "each alert by itself"
      : route.groupBy.length === 0
        ? "all in one group"
        : `grouped by ${route.groupBy.join(", ")}`;
  return [
    groups,
    `waits ${formatSpan(route.groupWait)}`,
    `news every ${formatSpan(route.groupInterval)}`,
    `repeats after ${formatSpan(route.repeatInterval)}`,
    route.muteTimeIntervals.length > 0 && `muted in ${route.muteTimeIntervals.join(", ")}`,
    route.activeTimeIntervals.length > 0 && `only in ${route.activeTimeIntervals.join(", ")}`,
  ]
    .filter(Boolean)
    .join(" · ");
}
