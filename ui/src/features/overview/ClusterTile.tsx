import { Link } from "@tanstack/react-router";

import type { Answer } from "~/api";
import { paths } from "~/app/paths";

import styles from "./Overview.module.css";

type Cluster = Answer<"/api/v1/clusters">["items"][number];

export function ClusterTile({ cluster }: { cluster: Cluster }) {
  return (
    <li className={styles.tile}>
      <Link to={paths.cluster(cluster.name)}>{cluster.name}</Link>
      <span>
        {cluster.nodes} nodes · {cluster.pods} pods · {cluster.alerts} firing
      </span>
    </li>
  );
}
