import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";

import type { DialogProps } from "./ClusterDialogs";
import styles from "./Clusters.module.css";

/** Leads to the wizard, which makes install links for clusters that are there as well. */
export function InstallForm({ name, onDone }: DialogProps) {
  return (
    <div className={styles.form}>
      <p>
        A new install link holds a token of its own; the tokens that are valid now stay so. The wizard shows
        the commands and watches the agent connect.
      </p>
      <div className={styles.foot}>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button component={Link} to={paths.newCluster()} search={{ cluster: name } as never}>
          Go to the wizard
        </Button>
      </div>
    </div>
  );
}
