import { Button, MultiSelect, SegmentedControl, TextInput } from "@mantine/core";
import { IconPlus, IconSearch, IconServerOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { paths } from "~/app/paths";
import { useCan } from "~/app/session";
import { useView } from "~/app/view";
import { ActionButton, EmptyState, Page, QueryView } from "~/components";

import { ClusterDialogs, type Dialog } from "./ClusterDialogs";
import styles from "./Clusters.module.css";
import { ClusterTable } from "./ClusterTable";
import { ClusterTiles } from "./ClusterTiles";
import { clustersRoute } from "./index";
import { fleetQuery, type Fleet } from "./queries";
import { chooseClusters, sortClusters } from "./order";

const NEW_CLUSTER = "clusters.manage";

/** Every cluster of the fleet, and what can be done with each. */
export function ClustersPage() {
  const [search, setSearch] = useView(clustersRoute);
  const fleet = useQuery(fleetQuery(search.label));
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>();
  const add = () => void navigate({ to: paths.newCluster() });
  return (
    <Page
      title="Clusters"
      actions={
        <ActionButton permission={NEW_CLUSTER} leftSection={<IconPlus size={15} />} onClick={add}>
          Add cluster
        </ActionButton>
      }
    >
      <QueryView query={fleet}>
        {(data) => {
          const shown = sortClusters(chooseClusters(data.clusters, search.q ?? ""), search.sort);
          const isFiltered = search.q !== undefined || search.label !== undefined;
          if (data.clusters.length === 0 && !isFiltered) return <NoClusters />;
          return (
            <>
              <Filters data={data} />
              {shown.length === 0 ? (
                <EmptyState title="No cluster fits" text="Search for less, or take labels away.">
                  <Button variant="default" onClick={() => setSearch({ q: undefined, label: undefined })}>
                    Show all
                  </Button>
                </EmptyState>
              ) : search.view === "tiles" ? (
                <ClusterTiles clusters={shown} onAct={setDialog} />
              ) : (
                <ClusterTable
                  clusters={shown}
                  sort={search.sort}
                  onSort={(sort) => setSearch({ sort }, { replace: true })}
                  onAct={setDialog}
                />
              )}
            </>
          );
        }}
      </QueryView>
      <ClusterDialogs dialog={dialog} onClose={() => setDialog(undefined)} />
    </Page>
  );
}

function Filters({ data }: { data: Fleet }) {
  const [search, setSearch] = useView(clustersRoute);
  const known = Object.entries(data.labels).flatMap(([name, values]) =>
    values.map((value) => `${name}=${value}`),
  );
  const labels = [...new Set([...known, ...(search.label ?? [])])];
  return (
    <div className={styles.filters}>
      <TextInput
        className={styles.search}
        data-search=""
        aria-label="Search clusters"
        placeholder="Search by name, label or version"
        leftSection={<IconSearch size={14} />}
        value={search.q ?? ""}
        onChange={(event) => setSearch({ q: event.currentTarget.value || undefined }, { replace: true })}
      />
      {labels.length > 0 && (
        <MultiSelect
          className={styles.labels}
          aria-label="Filter by labels"
          placeholder={search.label === undefined ? "Labels" : undefined}
          searchable
          clearable
          data={labels}
          value={search.label ?? []}
          onChange={(label) => setSearch({ label: label.length > 0 ? label : undefined })}
        />
      )}
      <SegmentedControl
        className={styles.views}
        aria-label="View"
        value={search.view ?? "table"}
        data={[
          { value: "table", label: "Table" },
          { value: "tiles", label: "Tiles" },
        ]}
        onChange={(view) => setSearch({ view: view === "tiles" ? "tiles" : undefined })}
      />
    </div>
  );
}

function NoClusters() {
  const gate = useCan(NEW_CLUSTER);
  return (
    <EmptyState
      icon={IconServerOff}
      title="No clusters yet"
      text={
        gate.allowed
          ? "Add the first one: its agent dials out to this hub, and shows here as soon as it does."
          : `There is none, or none that you may see. ${gate.reason}`
      }
    >
      {gate.allowed && (
        <Button component={Link} to={paths.newCluster()} leftSection={<IconPlus size={15} />}>
          Add a cluster
        </Button>
      )}
    </EmptyState>
  );
}
