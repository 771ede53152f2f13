import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { SeverityBadge, TimeAgo } from "~/components";
import { matchersOf } from "~/components/matchers";

import styles from "./Alert.module.css";
import { Panel } from "./Panel";
import { relatedQuery, type Alert } from "./queries";
import { readName, readSummary } from "./subject";

/** What else fires around the same thing, nearest first. */
export function RelatedPanel({ alert }: { alert: Alert }) {
  const filter = matchersOf(surroundings(alert.labels));
  const { data } = useQuery({ ...relatedQuery(alert.fingerprint, filter), enabled: filter.length > 0 });
  const others = (data?.items ?? []).filter((other) => other.fingerprint !== alert.fingerprint);
  if (data === undefined || others.length === 0) return null;
  const nearest = others.toSorted((one, other) => distance(alert, one) - distance(alert, other));
  return (
    <Panel title="Also firing" aside={whereOf(alert.labels)}>
      <ul className={styles.related}>
        {nearest.map((other) => (
          <li key={other.fingerprint}>
            <SeverityBadge severity={other.labels.severity} />
            <Link to={paths.alert(other.fingerprint)} title={readSummary(other)}>
              {readName(other.labels)} {other.labels.workload ?? other.labels.node ?? ""}
            </Link>
            <TimeAgo time={other.startsAt} style="span" />
          </li>
        ))}
      </ul>
      {data.total > data.items.length && (
        <Link to={paths.alerts()} search={{ filter }}>
          All {data.total.toLocaleString("en")}
        </Link>
      )}
    </Panel>
  );
}

/** The labels that say where an alert is: its namespace, or its node, or at least its cluster. */
function surroundings({ cluster, namespace, node }: Record<string, string>): Record<string, string> {
  return {
    ...(cluster ? { cluster } : {}),
    ...(namespace ? { namespace } : node ? { node } : {}),
  };
}

function whereOf({ cluster = "", namespace, node }: Record<string, string>): string {
  const inner = namespace ?? node;
  return inner === undefined ? `in ${cluster}` : `in ${inner}, ${cluster}`;
}

/** 0: about the same object. */
function distance(alert: Alert, other: Alert): number {
  return alert.labels.workload !== undefined && alert.labels.workload === other.labels.workload ? 0 : 1;
}
