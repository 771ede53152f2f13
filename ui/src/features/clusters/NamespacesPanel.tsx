import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { QueryView } from "~/components";

import styles from "./Cluster.module.css";
import { Panel } from "./Panel";
import { tableQuery } from "./queries";

const MOST = 40;

/** The namespaces with the most pods, each leading to them. */
export function NamespacesPanel({ cluster, at }: { cluster: string; at: string | undefined }) {
  const pods = useQuery(tableQuery(cluster, "pods", at));
  return (
    <Panel
      title="Namespaces"
      aside={
        <Link to={paths.clusterObjects(cluster, "namespaces")} search={{ at }}>
          All
        </Link>
      }
    >
      <QueryView query={pods}>
        {({ facets }) => (
          <ul className={styles.namespaces}>
            {Object.entries(facets?.namespaces ?? {})
              .slice(0, MOST)
              .map(([namespace, count]) => (
                <li key={namespace}>
                  <Link to={paths.clusterObjects(cluster, "pods")} search={{ namespace, at }}>
                    {namespace}
                  </Link>
                  <span className={styles.number} title="pods">
                    {count.toLocaleString("en")}
                  </span>
                </li>
              ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}
