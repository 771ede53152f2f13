import type { ReactNode } from "react";

import { StatusBadge, TimeAgo } from "~/components";
import { describeAgent } from "~/components/agents";
import { SeverityCounts } from "~/components/SeverityCounts";

import styles from "./Cluster.module.css";
import { Share } from "./ClusterTable";
import type { Cluster, ClusterTile } from "./queries";
import { formatLag } from "./words";

/** A cluster in a few numbers. */
export function SummaryPanel({ cluster, tile }: { cluster: Cluster; tile: ClusterTile | undefined }) {
  const reasons = tile?.health.reasons ?? [];
  return (
    <>
      {reasons.length > 0 && (
        <ul className={styles.reasons} data-level={tile?.health.level} aria-label="What is wrong">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <dl className={styles.facts}>
        <Fact name="Nodes">{tile ? <Share {...tile.nodes} /> : cluster.nodes}</Fact>
        <Fact name="Pods">{tile ? <Share {...tile.pods} /> : cluster.pods}</Fact>
        <Fact name="Firing">
          {tile ? <SeverityCounts alerts={tile.alerts} short none="none" /> : cluster.alerts}
        </Fact>
        <Fact name="Agent">
          <StatusBadge {...describeAgent(cluster.agentState)} reason={cluster.agentReason} />
        </Fact>
        <Fact name="Since">{tile?.agent.since ? <TimeAgo time={tile.agent.since} style="span" /> : "–"}</Fact>
        <Fact name="Lag">{formatLag(tile?.agent.lagSeconds)}</Fact>
        <Fact name="Kubernetes">{cluster.kubernetesVersion || "–"}</Fact>
        <Fact name="Added">
          <TimeAgo time={cluster.createdAt} />
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
