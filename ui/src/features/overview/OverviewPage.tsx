import { useQuery } from "@tanstack/react-query";
import { IconServerOff } from "@tabler/icons-react";

import { get } from "~/api";
import { EmptyState, Page, QueryView } from "~/components";

import { ClusterTile } from "./ClusterTile";
import styles from "./Overview.module.css";

/** The whole fleet on one screen. */
export function OverviewPage() {
  const clusters = useQuery({
    queryKey: ["overview", "clusters"],
    queryFn: ({ signal }) => get("/api/v1/clusters", { signal }),
  });
  return (
    <Page title="Overview">
      <QueryView query={clusters}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={IconServerOff}
              title="No clusters yet"
              text="Add the first one: its agent dials out to this hub, and shows here as soon as it does."
            />
          ) : (
            <ul className={styles.tiles} aria-label="Clusters">
              {items.map((cluster) => (
                <ClusterTile key={cluster.name} cluster={cluster} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Page>
  );
}
