import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { paths } from "~/app/paths";
import { useCan } from "~/app/session";
import { useView } from "~/app/view";
import { EmptyState, Page } from "~/components";
import { Breadcrumbs } from "~/components/Breadcrumbs";

import { ByHandPanel } from "./ByHandPanel";
import { CommandsPanel } from "./CommandsPanel";
import { newClusterRoute } from "./index";
import { InstallForm, type Made } from "./InstallForm";
import styles from "./Onboarding.module.css";
import { ProgressPanel } from "./ProgressPanel";
import { clusterQuery } from "./queries";
import { TestAlertPanel } from "./TestAlertPanel";

/** From a name to the first data: adds a cluster, installs its agent, watches it come, and tries that people are told. */
export function NewClusterPage() {
  const [{ cluster: name }, setSearch] = useView(newClusterRoute);
  const [made, setMade] = useState<Made>();
  const gate = useCan("clusters.manage", name === undefined ? {} : { cluster: name });
  const cluster = useQuery({ ...clusterQuery(name ?? ""), enabled: name !== undefined });
  const here = made?.name === name ? made : undefined;
  return (
    <Page
      title={name === undefined ? "Add a cluster" : `Install the agent of ${name}`}
      above={
        <Breadcrumbs
          crumbs={[
            { label: "Clusters", to: paths.clusters() },
            ...(name === undefined ? [] : [{ label: name, to: paths.cluster(name) }]),
          ]}
        />
      }
    >
      {gate.allowed ? (
        <div className={styles.steps}>
          <InstallForm
            name={name}
            made={made}
            onMade={(next) => {
              setMade(next);
              if (next.name !== name) setSearch({ cluster: next.name }, { replace: true });
            }}
          />
          {here?.refused && name !== undefined && (
            <ByHandPanel name={name} token={here.token} {...here.refused} />
          )}
          {here?.link && <CommandsPanel key={here.link.id} link={here.link} token={here.token} />}
          {name !== undefined && <ProgressPanel query={cluster} name={name} />}
          {name !== undefined && <TestAlertPanel />}
        </div>
      ) : (
        <EmptyState title="You may not add clusters" text={gate.reason} />
      )}
    </Page>
  );
}
