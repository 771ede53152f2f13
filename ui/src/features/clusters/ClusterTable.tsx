import { Link, useNavigate } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { DataTable, fixedRows, StatusBadge, TimeAgo, type Column } from "~/components";
import { describeAgent } from "~/components/agents";
import { SeverityCounts } from "~/components/SeverityCounts";
import { LabelChips } from "~/components/LabelChips";

import { ClusterMenu } from "./ClusterMenu";
import type { Dialog } from "./ClusterDialogs";
import styles from "./Clusters.module.css";
import type { ClusterTile } from "./queries";
import { describeHealth, formatLag } from "./words";

/** The clusters as rows. */
export function ClusterTable({
  clusters,
  sort,
  onSort,
  onAct,
}: {
  clusters: readonly ClusterTile[];
  sort: string | undefined;
  onSort: (sort: string) => void;
  onAct: (dialog: Dialog) => void;
}) {
  const navigate = useNavigate();
  return (
    <DataTable
      label="Clusters"
      columns={columns(
        onAct,
        clusters.some(({ labels }) => Object.keys(labels).length > 0),
      )}
      rows={fixedRows(clusters)}
      rowKey={(cluster) => cluster.name}
      onOpen={(cluster) => void navigate({ to: paths.cluster(cluster.name) })}
      sort={sort}
      onSort={onSort}
      rowHeight={36}
      narrow={(cluster) => <NarrowRow cluster={cluster} />}
    />
  );
}

function columns(onAct: (dialog: Dialog) => void, hasLabels: boolean): Column<ClusterTile>[] {
  const labels: Column<ClusterTile> = {
    id: "labels",
    title: "Labels",
    width: { share: 3 },
    from: 980,
    cell: (cluster) => <LabelChips labels={cluster.labels} most={2} oneLine />,
  };
  return [
    {
      id: "name",
      title: "Name",
      sortable: true,
      width: { share: 2.2 },
      cell: ({ name }) => (
        <Link className={styles.name} to={paths.cluster(name)}>
          {name}
        </Link>
      ),
    },
    {
      id: "health",
      title: "Health",
      sortable: true,
      width: { pixels: 110 },
      cell: ({ health }) => (
        <StatusBadge
          level={health.level}
          word={describeHealth(health.level)}
          reason={(health.reasons ?? []).join("\n")}
        />
      ),
    },
    ...(hasLabels ? [labels] : []),
    {
      id: "nodes",
      title: "Nodes",
      sortable: true,
      align: "end",
      width: { pixels: 80 },
      cell: ({ nodes }) => <Share {...nodes} />,
    },
    {
      id: "pods",
      title: "Pods",
      sortable: true,
      align: "end",
      width: { pixels: 100 },
      cell: ({ pods }) => <Share {...pods} />,
    },
    {
      id: "alerts",
      title: "Firing",
      sortable: true,
      width: { pixels: 84 },
      cell: ({ alerts }) => <SeverityCounts alerts={alerts} short none="none" />,
    },
    {
      id: "agent",
      title: "Agent",
      sortable: true,
      width: { pixels: 116 },
      cell: ({ agent }) => <StatusBadge {...describeAgent(agent.state)} reason={agent.reason} />,
    },
    {
      id: "since",
      title: "Since",
      sortable: true,
      from: 1120,
      width: { pixels: 84 },
      cell: ({ agent }) => (agent.since ? <TimeAgo time={agent.since} style="span" /> : "–"),
    },
    {
      id: "version",
      title: "Version",
      sortable: true,
      from: 860,
      width: { pixels: 96 },
      cell: ({ agent }) => agent.version || "–",
    },
    {
      id: "kubernetes",
      title: "Kubernetes",
      sortable: true,
      from: 1180,
      width: { pixels: 100 },
      cell: ({ agent }) => agent.kubernetesVersion || "–",
    },
    {
      id: "lag",
      title: "Lag",
      sortable: true,
      align: "end",
      from: 1240,
      width: { pixels: 80 },
      cell: ({ agent }) => formatLag(agent.lagSeconds),
    },
    {
      id: "actions",
      title: "",
      width: { pixels: 40 },
      cell: (cluster) => <ClusterMenu name={cluster.name} labels={cluster.labels} onAct={onAct} />,
    },
  ];
}

function NarrowRow({ cluster }: { cluster: ClusterTile }) {
  const { health, agent, nodes, pods } = cluster;
  return (
    <div className={styles.narrow}>
      <div>
        <Link className={styles.name} to={paths.cluster(cluster.name)}>
          {cluster.name}
        </Link>
        <StatusBadge level={health.level} word={describeHealth(health.level)} />
      </div>
      <div className={styles.quiet}>
        {nodes.ok}/{nodes.total} nodes · {pods.ok}/{pods.total} pods ·{" "}
        {describeAgent(agent.state).word.toLowerCase()}
      </div>
    </div>
  );
}

/** So many of so many; those that are all there are said once. */
export function Share({ ok, total }: { ok: number; total: number }) {
  return ok === total ? (
    <>{total.toLocaleString("en")}</>
  ) : (
    <span className={styles.short}>
      {ok.toLocaleString("en")}/{total.toLocaleString("en")}
    </span>
  );
}
