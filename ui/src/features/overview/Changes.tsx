import { Title, Tooltip } from "@mantine/core";
import {
  IconActivityHeartbeat,
  IconAdjustments,
  IconArrowsDiagonal,
  IconBan,
  IconCirclePlus,
  IconFileDiff,
  IconRocket,
  IconTrash,
  type Icon,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { findKind } from "~/app/kinds";
import { paths } from "~/app/paths";
import { TimeAgo } from "~/components";

import styles from "./Lists.module.css";
import type { Happening } from "./queries";
import { shorten } from "./words";

const EFFECTS: Record<Happening["effect"], [Icon, string]> = {
  rollout: [IconRocket, "Rolled out"],
  created: [IconCirclePlus, "Created"],
  content: [IconFileDiff, "Content changed"],
  condition: [IconActivityHeartbeat, "Condition changed"],
  deleted: [IconTrash, "Deleted"],
  scale: [IconArrowsDiagonal, "Scaled"],
  setting: [IconAdjustments, "Setting changed"],
  cordon: [IconBan, "Cordoned"],
};

/** What changed lately, what breaks things most often first. */
export function Changes({ changes }: { changes: readonly Happening[] }) {
  return (
    <section className={styles.list} aria-labelledby="changes">
      <div className={styles.title}>
        <Title order={2} id="changes">
          Changed lately
        </Title>
        <span className={styles.place}>the last six hours</span>
      </div>
      {changes.length === 0 ? (
        <p className={styles.nothing}>Nothing that matters has changed.</p>
      ) : (
        <ul>
          {changes.map((change) => (
            <li key={[change.kind, change.namespace, change.name, change.effect].join("\n")}>
              <Change change={change} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Change({ change }: { change: Happening }) {
  const [Mark, meaning] = EFFECTS[change.effect];
  const [cluster = ""] = change.clusters;
  const kind = findKind(change.kind);
  return (
    <Link
      to={paths.object(cluster, kind?.plural ?? change.kind, change.namespace, change.name)}
      className={styles.line}
    >
      <Tooltip label={meaning}>
        <span className={styles.icon} data-effect={change.effect} aria-label={meaning} role="img">
          <Mark size={16} stroke={1.6} />
        </span>
      </Tooltip>
      <span className={styles.main}>
        <span className={styles.words}>
          {change.kind} <b>{[change.namespace, change.name].filter(Boolean).join("/")}</b>
        </span>
        <span className={styles.detail} title={change.words}>
          {shorten(change.words) || meaning}
        </span>
        <span className={styles.place} title={change.clusters.join(", ")}>
          {change.clusterCount > 1 ? `${change.clusterCount} clusters` : cluster}
          {change.times > change.clusterCount && ` · ${change.times} times`}
        </span>
      </span>
      <span className={styles.time}>
        <TimeAgo time={change.time} style="span" />
      </span>
    </Link>
  );
}
