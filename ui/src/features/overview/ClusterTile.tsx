import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { formatSpan, StatusBadge } from "~/components";
import { describeAgent } from "~/components/agents";
import { LevelBar } from "~/components/LevelBar";
import { describeLevels } from "~/components/levels";
import { SeverityCounts } from "~/components/SeverityCounts";

import styles from "./ClusterTile.module.css";
import type { Cluster, Tally } from "./queries";

/** From here on it is worth a word that the hub is behind, in seconds. */
const LAG_FROM = 10;

/** A cluster at a glance; `isDense` leaves out what is not a number. */
export function ClusterTile({ cluster, isDense }: { cluster: Cluster; isDense: boolean }) {
  const { name, health, agent } = cluster;
  const { level, word } = describeAgent(agent.state);
  return (
    <li
      className={styles.tile}
      data-level={health.level}
      data-dense={isDense || undefined}
      title={isDense ? describe(cluster) : undefined}
    >
      <div className={styles.head}>
        <Link to={paths.cluster(name)} className={styles.name} title={name}>
          {name}
        </Link>
        {isDense && (
          <span className={styles.severities}>
            <SeverityCounts alerts={cluster.alerts} short />
          </span>
        )}
        {(!isDense || agent.state !== "connected") && (
          <StatusBadge
            level={level}
            word={isDense ? word : `agent ${word.toLowerCase()}`}
            reason={agent.reason}
          />
        )}
      </div>
      <div className={styles.tallies}>
        <TallyLine title="nodes" tally={cluster.nodes} />
        <TallyLine title="pods" tally={cluster.pods} />
      </div>
      {!isDense && (
        <>
          <div className={styles.alerts}>
            <SeverityCounts alerts={cluster.alerts} none="no alerts" />
          </div>
          <p className={styles.reasons} title={health.reasons?.join("; ")}>
            {describe(cluster)}
          </p>
          <p className={styles.versions}>{describeVersions(agent)}</p>
        </>
      )}
    </li>
  );
}

function describe({ health: { reasons = [] } }: Cluster): string {
  return reasons.length > 0 ? reasons.join(" · ") : "everything is well";
}

function describeVersions({
  kubernetesVersion = "",
  version = "",
  lagSeconds = 0,
}: Cluster["agent"]): string {
  return [
    kubernetesVersion && `Kubernetes ${kubernetesVersion.replace(/^v/, "")}`,
    version && `agent ${version}`,
    lagSeconds >= LAG_FROM && `${formatSpan(lagSeconds)} behind`,
  ]
    .filter(Boolean)
    .join(" · ");
}

function TallyLine({ title, tally }: { title: string; tally: Tally }) {
  const { levels = {} } = tally;
  return (
    <div className={styles.tally}>
      <span>
        <b>{tally.ok.toLocaleString("en")}</b>/{tally.total.toLocaleString("en")} {title}
      </span>
      <LevelBar levels={levels} label={`${title}: ${describeLevels(levels)}`} />
    </div>
  );
}
