import { Button, Skeleton } from "@mantine/core";
import { IconServerOff, IconTagOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { useView } from "~/app/view";
import { ActionButton, EmptyState, Page, QueryView } from "~/components";

import { Changes } from "./Changes";
import { ClusterTile } from "./ClusterTile";
import { overviewRoute } from ".";
import { LabelFilter } from "./LabelFilter";
import styles from "./Overview.module.css";
import { overviewQuery, type Cluster } from "./queries";
import { toSelector } from "./selector";
import { Summary } from "./Summary";
import { Troubles } from "./Troubles";

/** From so many clusters on, their tiles say less. */
const DENSE_FROM = 17;

/** The whole fleet on one screen: how each cluster is, what the worst trouble is, and what changed before it. */
export function OverviewPage() {
  const [{ label: chosen = [] }, setView] = useView(overviewRoute);
  const overview = useQuery(overviewQuery(toSelector(chosen)));
  const choose = (label: string[]) => setView({ label: label.length > 0 ? label : undefined });
  return (
    <Page
      title="Overview"
      actions={<LabelFilter labels={overview.data?.labels ?? {}} chosen={chosen} onChoose={choose} />}
    >
      <QueryView query={overview} loading={<Waiting />}>
        {({ total, clusters, trouble, lately }) =>
          clusters.length > 0 ? (
            <>
              <Summary total={total} />
              <Tiles clusters={clusters} />
              <div className={styles.columns}>
                <Troubles troubles={trouble} />
                <Changes changes={lately} />
              </div>
            </>
          ) : chosen.length > 0 ? (
            <EmptyState icon={IconTagOff} title="No cluster has these labels" text={chosen.join(", ")}>
              <Button variant="default" onClick={() => choose([])}>
                Show all clusters
              </Button>
            </EmptyState>
          ) : (
            <NoClusters />
          )
        }
      </QueryView>
    </Page>
  );
}

function Tiles({ clusters }: { clusters: readonly Cluster[] }) {
  const isDense = clusters.length >= DENSE_FROM;
  return (
    <ul className={styles.tiles} data-dense={isDense || undefined} aria-label="Clusters">
      {clusters.map((cluster) => (
        <ClusterTile key={cluster.name} cluster={cluster} isDense={isDense} />
      ))}
    </ul>
  );
}

function NoClusters() {
  const navigate = useNavigate();
  return (
    <EmptyState
      icon={IconServerOff}
      title="No clusters yet"
      text="Add the first one: its agent dials out to this hub, and the cluster shows here as soon as it does."
    >
      <ActionButton permission="clusters.manage" onClick={() => void navigate({ to: paths.newCluster() })}>
        Add a cluster
      </ActionButton>
    </EmptyState>
  );
}

function Waiting() {
  return (
    <div role="status" aria-label="Loading the fleet">
      <Skeleton height={58} radius="sm" mb="md" />
      <div className={styles.tiles}>
        {Array.from({ length: 6 }, (_, place) => (
          <Skeleton key={place} height={116} radius="sm" />
        ))}
      </div>
    </div>
  );
}
