import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { QueryView, StatusBadge } from "~/components";

import styles from "./Cluster.module.css";
import { Panel } from "./Panel";
import { tableQuery } from "./queries";

/** The nodes, those in trouble first. */
export function NodesPanel({ cluster, at }: { cluster: string; at: string | undefined }) {
  const nodes = useQuery(tableQuery(cluster, "nodes", at));
  return (
    <Panel
      title="Nodes"
      aside={
        <Link to={paths.clusterObjects(cluster, "nodes")} search={{ at }}>
          All {nodes.data?.total.toLocaleString("en")}
        </Link>
      }
    >
      <QueryView query={nodes}>
        {({ rows }) =>
          rows.length === 0 ? (
            <p className={styles.quiet}>None that is known, or that you may see.</p>
          ) : (
            <ul className={styles.nodes}>
              {rows.map((row) => (
                <li key={row.name}>
                  <Link to={paths.object(cluster, "nodes", "", row.name)} search={{ at }}>
                    {row.name}
                  </Link>
                  <StatusBadge level={row.status.level} word={row.status.word} reason={row.status.reason} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}
