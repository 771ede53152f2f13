import type { ReactNode } from "react";

import { LevelBar } from "~/components/LevelBar";
import { describeLevels } from "~/components/levels";
import { SeverityCounts } from "~/components/SeverityCounts";

import styles from "./Overview.module.css";
import type { FleetTally, Tally } from "./queries";

/** The fleet in five numbers. */
export function Summary({ total }: { total: FleetTally }) {
  const clusters = sum(total.clusters);
  return (
    <dl className={styles.summary}>
      <Figure title="Clusters" value={count(clusters)}>
        <LevelBar levels={total.clusters} label={`Clusters: ${describeLevels(total.clusters)}`} />
      </Figure>
      <TallyFigure title="Nodes" tally={total.nodes} />
      <TallyFigure title="Workloads" tally={total.workloads} />
      <TallyFigure title="Pods" tally={total.pods} />
      <Figure title="Alerts firing" value={count(sum(total.alerts))}>
        <SeverityCounts alerts={total.alerts} />
      </Figure>
    </dl>
  );
}

function TallyFigure({ title, tally }: { title: string; tally: Tally }) {
  const { levels = {} } = tally;
  return (
    <Figure
      title={title}
      value={
        <>
          {count(tally.ok)}
          <small> of {count(tally.total)} well</small>
        </>
      }
    >
      <LevelBar levels={levels} label={`${title}: ${describeLevels(levels)}`} />
    </Figure>
  );
}

function Figure({ title, value, children }: { title: string; value: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.figure}>
      <dt>{title}</dt>
      <dd className={styles.value}>{value}</dd>
      <dd className={styles.under}>{children}</dd>
    </div>
  );
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((one, other) => one + other, 0);
}
