import { StatusBadge, TimeAgo } from "~/components";
import { describeAgent } from "~/components/agents";
import { ScrollRegion } from "~/components/ScrollRegion";

import styles from "./Cluster.module.css";
import { Panel } from "./Panel";
import type { Cluster } from "./queries";

type Note = NonNullable<Cluster["permissions"]>["missing"][number];

/** The agent that leads, those that stand by, what they may not do, and what they cannot watch. */
export function AgentsPanel({ cluster, since }: { cluster: Cluster; since: string | undefined }) {
  const followers = cluster.followers ?? [];
  const agent = describeAgent(cluster.agentState);
  return (
    <Panel title="Agents">
      <ScrollRegion label="Agents of the cluster">
        <table className={styles.agents}>
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">State</th>
              <th scope="col">Version</th>
              <th scope="col">From</th>
              <th scope="col">Since</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>Leader</td>
              <td>
                <StatusBadge {...agent} reason={cluster.agentReason} />
              </td>
              <td>{cluster.agentVersion || "–"}</td>
              <td>{cluster.agentAddress || "–"}</td>
              <td>{since ? <TimeAgo time={since} style="span" /> : "–"}</td>
            </tr>
            {followers.map((one) => (
              <tr key={one.instance}>
                <td>{one.node || one.pod || one.instance}</td>
                <td>
                  <StatusBadge
                    level={one.apiServerReachable === false ? "bad" : "ok"}
                    word={one.apiServerReachable === false ? "No API server" : `Standing by (${one.role})`}
                    reason={one.apiServerMessage}
                  />
                </td>
                <td>{one.version}</td>
                <td>{one.peer}</td>
                <td>
                  <TimeAgo time={one.since} style="span" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {cluster.agentReason && <p className={styles.quiet}>{cluster.agentReason}</p>}
      {cluster.apiServerReachable === false && (
        <p className={styles.fault}>Its API server does not answer: {cluster.apiServerMessage}</p>
      )}
      <Refusals cluster={cluster} />
      <Watches cluster={cluster} />
      <Permissions cluster={cluster} />
    </Panel>
  );
}

function Refusals({ cluster }: { cluster: Cluster }) {
  const refusals = cluster.refusals ?? [];
  if (refusals.length === 0) return null;
  return (
    <>
      <h3>Agents that were refused</h3>
      <ul className={styles.notes}>
        {refusals.map((one) => (
          <li key={`${one.code} ${one.reason}`}>
            <span className={styles.fault}>{one.reason}</span>
            <span className={styles.quiet}>
              {" "}
              — <TimeAgo time={one.at} />, from {one.peer}
              {one.count > 1 && `, ${one.count} times`}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Watches({ cluster }: { cluster: Cluster }) {
  const troubled = (cluster.watches ?? []).filter((one) => one.state !== "synced");
  if (troubled.length === 0) return null;
  return (
    <>
      <h3>Kinds that it does not watch</h3>
      <ul className={styles.notes}>
        {troubled.map((one) => (
          <li key={one.kind}>
            <b>{one.kind}</b>: {one.state} since <TimeAgo time={one.since} style="exact" />
            {one.message && <span className={styles.quiet}> — {one.message}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Permissions({ cluster }: { cluster: Cluster }) {
  const report = cluster.permissions;
  if (!report) return null;
  if (report.problem) {
    return <p className={styles.fault}>Its rights could not be looked at: {report.problem}</p>;
  }
  if (report.missing.length === 0 && report.excess.length === 0) {
    return <p className={styles.quiet}>It has all the rights that its settings need, and none beyond.</p>;
  }
  return (
    <>
      <Rights title="Rights that it lacks" notes={report.missing} />
      <Rights title="Rights that it could do without" notes={report.excess} />
      {report.omitted > 0 && <p className={styles.quiet}>… and {report.omitted} more.</p>}
    </>
  );
}

function Rights({ title, notes }: { title: string; notes: readonly Note[] }) {
  if (notes.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className={styles.notes}>
        {notes.map((note) => (
          <li key={JSON.stringify(note)}>
            <code>
              {note.verbs.join(",")} {note.resources.join(",")}
            </code>{" "}
            {note.namespace ? `in ${note.namespace}` : "in the whole cluster"}
            {note.capability && <span className={styles.quiet}> — for {note.capability}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
