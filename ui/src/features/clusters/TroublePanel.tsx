import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { LoadingState, StatusBadge } from "~/components";

import styles from "./Cluster.module.css";
import { Panel } from "./Panel";
import { tableQuery } from "./queries";

const KINDS = [
  "nodes",
  "deployments",
  "statefulsets",
  "daemonsets",
  "jobs",
  "pods",
  "persistentvolumeclaims",
];
const MOST = 14;

/** What is not as it should be, the objects that others depend on first. */
export function TroublePanel({ cluster, at }: { cluster: string; at: string | undefined }) {
  const tables = useQueries({
    queries: KINDS.map((kind) => tableQuery(cluster, kind, at)),
  });
  const found = tables.flatMap(({ data }, place) =>
    (data?.rows ?? [])
      .filter((row) => row.status.level === "bad")
      .map((row) => ({ row, kind: KINDS[place] ?? "", singular: data?.kind ?? "" })),
  );
  const total = tables.reduce((sum, { data }) => sum + (data?.facets?.levels.bad ?? 0), 0);
  if (found.length === 0) {
    if (tables.some((table) => table.isPending)) return <LoadingState rows={3} />;
    return null;
  }
  return (
    <Panel title="Trouble" aside={<span className={styles.quiet}>{total.toLocaleString("en")} bad</span>}>
      <ul className={styles.trouble}>
        {found.slice(0, MOST).map(({ row, kind, singular }) => (
          <li key={`${kind} ${row.namespace} ${row.name}`}>
            <StatusBadge level={row.status.level} word={row.status.word} />
            <span className={styles.what}>
              <span className={styles.quiet}>{singular} </span>
              <Link to={paths.object(cluster, kind, row.namespace, row.name)} search={{ at }}>
                {row.namespace ? `${row.namespace}/` : ""}
                {row.name}
              </Link>
            </span>
            {row.status.reason && (
              <span className={styles.why} title={row.status.reason}>
                {row.status.reason}
              </span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
