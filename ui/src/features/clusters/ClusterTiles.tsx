import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { StatusBadge } from "~/components";
import { describeAgent } from "~/components/agents";
import { SeverityCounts } from "~/components/SeverityCounts";
import { LabelChips } from "~/components/LabelChips";

import type { Dialog } from "./ClusterDialogs";
import { ClusterMenu } from "./ClusterMenu";
import styles from "./Clusters.module.css";
import { Share } from "./ClusterTable";
import type { ClusterTile } from "./queries";
import { describeHealth } from "./words";

/** The clusters as tiles: what they are first, numbers second. */
export function ClusterTiles({
  clusters,
  onAct,
}: {
  clusters: readonly ClusterTile[];
  onAct: (dialog: Dialog) => void;
}) {
  return (
    <ul className={styles.tiles} aria-label="Clusters">
      {clusters.map((cluster) => (
        <li key={cluster.name} className={styles.tile} data-level={cluster.health.level}>
          <div className={styles.tileHead}>
            <Link className={styles.name} to={paths.cluster(cluster.name)}>
              {cluster.name}
            </Link>
            <ClusterMenu name={cluster.name} labels={cluster.labels} onAct={onAct} />
          </div>
          <div className={styles.tileRow}>
            <StatusBadge level={cluster.health.level} word={describeHealth(cluster.health.level)} />
            <SeverityCounts alerts={cluster.alerts} short none="none" />
          </div>
          <p className={styles.reason}>{cluster.health.reasons?.[0] ?? "Everything is as it should be"}</p>
          <div className={styles.tileRow}>
            <span>
              <Share {...cluster.nodes} /> <span className={styles.quiet}>nodes</span>
            </span>
            <span>
              <Share {...cluster.pods} /> <span className={styles.quiet}>pods</span>
            </span>
            <StatusBadge {...describeAgent(cluster.agent.state)} reason={cluster.agent.reason} />
          </div>
          <LabelChips labels={cluster.labels} most={4} />
        </li>
      ))}
    </ul>
  );
}
