import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { paths } from "~/app/paths";
import { usePathParams, useView } from "~/app/view";
import { Page, QueryView, StatusBadge } from "~/components";
import { Breadcrumbs } from "~/components/Breadcrumbs";
import { KindTabs } from "~/components/KindTabs";
import { LabelChips } from "~/components/LabelChips";
import { TimeFrame, TravelButton } from "~/components/travel/TimeTravel";

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
  const [{ at }, setSearch] = useView(clusterRoute);
  const cluster = useQuery(clusterQuery(name));
  const fleet = useQuery(fleetQuery());
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>();
  const tile = fleet.data?.clusters.find((one) => one.name === name);
  const labels = cluster.data?.labels ?? {};
  const onTravel = (moment: string | undefined, options?: { replace?: boolean }) =>
    setSearch({ at: moment }, options);
  return (
    <Page
      title={name}
      above={<Breadcrumbs crumbs={[{ label: "Clusters", to: paths.clusters() }]} />}
      aside={
        tile &&
        at === undefined && (
          <StatusBadge
            level={tile.health.level}
            word={describeHealth(tile.health.level)}
            reason={(tile.health.reasons ?? []).join("\n")}
          />
        )
      }
      actions={
        <>
          <TravelButton at={at} onTravel={onTravel} />
          <ClusterMenu name={name} labels={labels} onAct={setDialog} />
        </>
      }
    >
      <KindTabs to={(kind) => paths.clusterObjects(name, kind.plural)} search={{ at }} />
      <TimeFrame at={at} onTravel={onTravel} scope={{ cluster: name }}>
        <QueryView query={cluster}>
          {(data) => (
            <div className={styles.panels}>
              <LabelChips labels={data.labels} />
              {at === undefined && <SummaryPanel cluster={data} tile={tile} />}
              <TroublePanel cluster={name} at={at} />
              <div className={styles.columns}>
                <WorkloadsPanel cluster={name} at={at} />
                <NamespacesPanel cluster={name} at={at} />
              </div>
              <NodesPanel cluster={name} at={at} />
              {at === undefined ? (
                <AgentsPanel cluster={data} since={tile?.agent.since ?? undefined} />
              ) : (
                <p className={styles.quiet}>
                  Agents, their rights, and alerts are shown as they are now alone.
                </p>
              )}
            </div>
          )}
        </QueryView>
      </TimeFrame>
      <ClusterDialogs
        dialog={dialog}
        onClose={() => setDialog(undefined)}
        onRenamed={(next) => void navigate({ to: paths.cluster(next), replace: true })}
        onRemoved={() => void navigate({ to: paths.clusters(), replace: true })}
      />
    </Page>
  );
}
