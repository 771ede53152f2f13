import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { formatSpan, TimeAgo } from "~/components";

import styles from "./Alert.module.css";
import { ChangeDiff } from "./ChangeDiff";
import { Panel } from "./Panel";
import type { Alert, RelatedChange } from "./queries";

const RELATIONS: Record<string, string> = {
  subject: "the object itself",
  owner: "what owns it",
  configuration: "configuration it uses",
  node: "its node",
  scaler: "what scales it",
  namespace: "its neighbour in the namespace",
};

/** What most likely brought the alert about, with what exactly changed. */
export function LikelyCause({ alert, change }: { alert: Alert; change: RelatedChange }) {
  const { cluster = "" } = alert.labels;
  const { kind, namespace, name, time, relation, words, afterGap } = change;
  const before = (Date.parse(alert.startsAt) - Date.parse(time)) / 1000;
  return (
    <Panel
      emphasized
      title="Likely cause"
      aside={
        <>
          {sayBefore(before)}, <TimeAgo time={time} />
        </>
      }
    >
      <p className={styles.causeWords}>{words}</p>
      <p className={styles.quiet}>
        <Link to={paths.object(cluster, kind, namespace, name)}>
          {kind} {namespace === "" ? name : `${namespace}/${name}`}
        </Link>
        , {RELATIONS[relation] ?? relation}
        {afterGap && "; it happened while the link was down, at some time before this"}
      </p>
      <ChangeDiff cluster={cluster} change={change} />
    </Panel>
  );
}

function sayBefore(seconds: number): string {
  if (seconds < 0) return "while it fired";
  return seconds < 1 ? "just before it fired" : `${formatSpan(seconds)} before it fired`;
}
