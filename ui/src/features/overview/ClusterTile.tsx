import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { formatSpan, SeverityBadge, StatusBadge, type Level } from "~/components";

import { LevelBar } from "./LevelBar";
import { LEVEL_WORDS, sortSeverities } from "./levels";
import styles from "./ClusterTile.module.css";
import type { Cluster, Tally } from "./queries";

/** From here on it is worth a word that the hub is behind, in seconds. */
const LAG_FROM = 10;

const AGENT: Record<Cluster["agent"]["state"], [Level, string]> = {
  connected: ["ok", "connected"],
  away: ["warn", "away"],
  lost: ["bad", "lost"],
  never_connected: ["unknown", "not connected yet"],
};

/** A cluster at a glance. */
export function ClusterTile({ cluster, isDense }: { cluster: Cluster; isDense: boolean }) {
  const { name, health, agent, alerts } = cluster;
  const reasons = health.reasons ?? [];
  const [level, word] = AGENT[agent.state];
  const severities = sortSeverities(alerts);
  return (
    <li className={styles.tile} data-level={health.level} data-dense={isDense || undefined}>
      <div className={styles.head}>
        <Link to={paths.cluster(name)} className={styles.name} title={name}>
          {name}
        </Link>
        {(!isDense || agent.state !== "connected") && (
          <StatusBadge level={level} word={`agent ${word}`} reason={agent.reason ?? ""} />
        )}
      </div>
      <div className={styles.tallies}>
        <TallyLine title="nodes" tally={cluster.nodes} />
        <TallyLine title="pods" tally={cluster.pods} />
      </div>
      <div className={styles.alerts}>
        {severities.map(([severity, number]) => (
          <SeverityBadge key={severity} severity={severity} count={number} />
        ))}
        {severities.length === 0 && <span className={styles.quiet}>no alerts</span>}
      </div>
      {!isDense && (
        <>
          <p className={styles.reasons} title={reasons.join("; ")}>
            {reasons.length > 0 ? reasons.join(" · ") : "everything is well"}
          </p>
          <p className={styles.versions}>
            {[
              agent.kubernetesVersion && `Kubernetes ${agent.kubernetesVersion.replace(/^v/, "")}`,
              agent.version && `agent ${agent.version}`,
              (agent.lagSeconds ?? 0) >= LAG_FROM && `${formatSpan(agent.lagSeconds ?? 0)} behind`,
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
        </>
      )}
    </li>
  );
}

function TallyLine({ title, tally }: { title: string; tally: Tally }) {
  const { levels = {} } = tally;
  const words = (Object.keys(LEVEL_WORDS) as Level[])
    .filter((level) => levels[level])
    .map((level) => `${levels[level] ?? 0} ${LEVEL_WORDS[level]}`);
  return (
    <div className={styles.tally}>
      <span>
        <b>{tally.ok.toLocaleString("en")}</b>/{tally.total.toLocaleString("en")} {title}
      </span>
      <LevelBar levels={levels} label={`${title}: ${words.join(", ") || "none"}`} />
    </div>
  );
}
