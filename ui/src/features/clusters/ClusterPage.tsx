import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { paths } from "~/app/paths";
import { usePathParams, useView } from "~/app/view";
import { Page, QueryView, StatusBadge } from "~/components";
import { Breadcrumbs } from "~/components/Breadcrumbs";
import { KindTabs } from "~/components/KindTabs";
import { LabelChips } from "~/components/LabelChips";

import { AgentsPanel } from "./AgentsPanel";
import { ClusterDialogs, type Dialog } from "./ClusterDialogs";
import { ClusterMenu } from "./ClusterMenu";
import styles from "./Cluster.module.css";
import { clusterRoute } from "./index";
import { NamespacesPanel } from "./NamespacesPanel";
import { NodesPanel } from "./NodesPanel";
import { clusterQuery, fleetQuery } from "./queries";
import { SummaryPanel } from "./SummaryPanel";
import { TroublePanel } from "./TroublePanel";
import { describeHealth } from "./words";
import { WorkloadsPanel } from "./WorkloadsPanel";

/** One cluster: what is in it, how that stands, and its agents. */
export function ClusterPage() {
  const { cluster: name } = usePathParams(clusterRoute);
  const [{ at }] = useView(clusterRoute);
  const cluster = useQuery(clusterQuery(name));
  const fleet = useQuery(fleetQuery());
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>();
  const tile = fleet.data?.clusters.find((one) => one.name === name);
  const labels = cluster.data?.labels ?? {};
  return (
    <Page
      title={name}
      above={<Breadcrumbs crumbs={[{ label: "Clusters", to: paths.clusters() }]} />}
      aside={
        tile && (
          <StatusBadge
            level={tile.health.level}
            word={describeHealth(tile.health.level)}
            reason={(tile.health.reasons ?? []).join("\n")}
          />
        )
      }
      actions={<ClusterMenu name={name} labels={labels} onAct={setDialog} />}
    >
      <KindTabs to={(kind) => paths.clusterObjects(name, kind.plural)} search={{ at }} />
      <QueryView query={cluster}>
        {(data) => (
          <div className={styles.panels}>
            <LabelChips labels={data.labels} />
            <SummaryPanel cluster={data} tile={tile} />
            <TroublePanel cluster={name} at={at} />
            <div className={styles.columns}>
              <WorkloadsPanel cluster={name} at={at} />
              <NamespacesPanel cluster={name} at={at} />
            </div>
            <NodesPanel cluster={name} at={at} />
            <AgentsPanel cluster={data} />
          </div>
        )}
      </QueryView>
      <ClusterDialogs
        dialog={dialog}
        onClose={() => setDialog(undefined)}
        onRenamed={(next) => void navigate({ to: paths.cluster(next), replace: true })}
        onRemoved={() => void navigate({ to: paths.clusters(), replace: true })}
      />
    </Page>
  );
}
