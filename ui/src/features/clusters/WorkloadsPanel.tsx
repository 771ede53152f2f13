import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { KINDS } from "~/app/kinds";
import { paths } from "~/app/paths";

import styles from "./Cluster.module.css";
import { LevelBar } from "./LevelBar";
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
              <LevelBar
                levels={table?.facets?.levels ?? {}}
                to={paths.clusterObjects(cluster, kind.plural)}
                at={at}
              />
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
