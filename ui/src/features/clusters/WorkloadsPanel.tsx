import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { KINDS } from "~/app/kinds";
import { paths } from "~/app/paths";
import type { Level } from "~/components";
import { LevelBar } from "~/components/LevelBar";
import { describeLevels, sortLevels, type Levels } from "~/components/levels";

import styles from "./Cluster.module.css";
import { Panel } from "./Panel";
import { tableQuery } from "./queries";

const SHOWN = KINDS.filter((kind) =>
  ["Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"].includes(kind.name),
);

/** How many workloads of each kind stand how. */
export function WorkloadsPanel({ cluster, at }: { cluster: string; at: string | undefined }) {
  const tables = useQueries({ queries: SHOWN.map((kind) => tableQuery(cluster, kind.plural, at)) });
  return (
    <Panel title="Workloads">
      <ul className={styles.bars}>
        {SHOWN.map((kind, place) => {
          const table = tables[place]?.data;
          return (
            <li key={kind.name}>
              <Link to={paths.clusterObjects(cluster, kind.plural)} search={{ at }}>
                {kind.title}
              </Link>
              <span className={styles.number}>{table?.total.toLocaleString("en") ?? "…"}</span>
              <Standing
                levels={table?.facets?.levels ?? {}}
                to={paths.clusterObjects(cluster, kind.plural)}
                at={at}
                title={kind.title}
              />
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

const TROUBLE: Partial<Record<Level, string>> = { bad: "bad", warn: "not yet" };

/** How many stand how, and numbers that lead to what does not stand well. */
function Standing({
  levels,
  to,
  at,
  title,
}: {
  levels: Levels;
  to: string;
  at: string | undefined;
  title: string;
}) {
  return (
    <span className={styles.levels}>
      <LevelBar levels={levels} label={`${title}: ${describeLevels(levels)}`} />
      <span className={styles.bad}>
        {sortLevels(levels).map(
          ([level, number]) =>
            TROUBLE[level] !== undefined && (
              <Link key={level} to={to} search={{ level, at }} data-level={level}>
                {number.toLocaleString("en")} {TROUBLE[level]}
              </Link>
            ),
        )}
      </span>
    </span>
  );
}
