import { Drawer, Title } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { useView } from "~/app/view";
import {
  DataTable,
  EmptyState,
  fixedRows,
  formatSpan,
  Page,
  QueryView,
  StatusBadge,
  TimeAgo,
  type Column,
} from "~/components";
import { describeAgent } from "~/components/agents";

import { agentsRoute } from "../index";
import { agentsQuery, type Agent } from "../queries";
import styles from "../Settings.module.css";

/** The agents of every cluster: how they are linked, what they run, what they may do and lack. */
export function AgentsPage() {
  const [search, setSearch] = useView(agentsRoute);
  const query = useQuery(agentsQuery);
  return (
    <Page
      title="Agents"
      aside={query.data && <span className={styles.quiet}>the hub is {query.data.hubVersion}</span>}
    >
      <QueryView query={query}>
        {({ items }) => (
          <>
            <DataTable
              label="Agents"
              rows={fixedRows(items)}
              columns={COLUMNS}
              rowKey={({ cluster }) => cluster}
              onOpen={({ cluster }) => setSearch({ cluster })}
              narrow={(agent) => (
                <>
                  <b>{agent.cluster}</b>
                  <br />
                  {describeAgent(agent.state).word} · {agent.version || "no version"}
                </>
              )}
              empty={
                <EmptyState
                  icon={IconPlugConnectedX}
                  title="No agents yet"
                  text="Add a cluster: its agent shows here."
                />
              }
            />
            <AgentDrawer
              agent={items.find(({ cluster }) => cluster === search.cluster)}
              onClose={() => setSearch({ cluster: undefined })}
            />
          </>
        )}
      </QueryView>
    </Page>
  );
}

const COLUMNS: readonly Column<Agent>[] = [
  { id: "cluster", title: "Cluster", cell: ({ cluster }) => <b>{cluster}</b>, width: { share: 2 } },
  {
    id: "state",
    title: "Link",
    cell: ({ state, reason }) => <StatusBadge {...describeAgent(state)} reason={reason ?? ""} />,
  },
  {
    id: "version",
    title: "Version",
    cell: ({ version, outdated }) =>
      outdated ? <StatusBadge level="warn" word={version} reason="older than the hub" /> : version || "–",
  },
  {
    id: "since",
    title: "For",
    cell: ({ since }) => (since == null ? "–" : <TimeAgo time={since} />),
  },
  {
    id: "lag",
    title: "Behind",
    cell: ({ lagSeconds }) => formatSpan(lagSeconds ?? 0),
    align: "end",
    from: 800,
  },
  {
    id: "followers",
    title: "Stand by",
    cell: ({ followers }) => followers?.length ?? 0,
    align: "end",
    from: 900,
  },
  {
    id: "permissions",
    title: "Rights",
    cell: ({ permissions }) => {
      if (permissions == null) return <span className={styles.quiet}>not said</span>;
      const missing = permissions.missing.length;
      if (missing > 0) return <StatusBadge level="warn" word={`${missing} missing`} />;
      return permissions.excess.length > 0 ? `${permissions.excess.length} too many` : "as needed";
    },
  },
];

function AgentDrawer({ agent, onClose }: { agent: Agent | undefined; onClose: () => void }) {
  return (
    <Drawer opened={agent !== undefined} onClose={onClose} position="right" size="lg" title={agent?.cluster}>
      {agent !== undefined && <Details agent={agent} />}
    </Drawer>
  );
}

function Details({ agent }: { agent: Agent }) {
  const facts: [string, string | undefined][] = [
    ["Link", [describeAgent(agent.state).word, agent.reason].filter(Boolean).join(": ")],
    ["From", agent.address],
    ["Pod", [agent.pod, agent.node && `on ${agent.node}`].filter(Boolean).join(" ")],
    ["Kubernetes", agent.kubernetesVersion],
    [
      "API server",
      agent.apiServerReachable === false ? agent.apiServerMessage || "not reachable" : "reachable",
    ],
    ["Namespaces", agent.namespaces?.length ? agent.namespaces.join(", ") : "all"],
  ];
  const stuck = (agent.watches ?? []).filter(({ state }) => state !== "synced");
  return (
    <>
      <dl className={styles.facts}>
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {stuck.length > 0 && (
        <>
          <Title order={2}>Not watched</Title>
          <ul>
            {stuck.map((watch) => (
              <li key={`${watch.kind} ${watch.state}`}>
                {watch.kind}: {watch.state}
                {watch.message && `: ${watch.message}`}
              </li>
            ))}
          </ul>
        </>
      )}
      {agent.permissions != null && (
        <>
          <Title order={2}>Rights against what it needs</Title>
          {agent.permissions.problem && <p className={styles.fault}>{agent.permissions.problem}</p>}
          <Rights title="Missing" notes={agent.permissions.missing} none="Nothing is missing." />
          <Rights title="Too many" notes={agent.permissions.excess} none="Nothing is too much." />
        </>
      )}
      {(agent.followers ?? []).length > 0 && (
        <>
          <Title order={2}>Stand by</Title>
          <ul>
            {agent.followers?.map((follower) => (
              <li key={follower.instance}>
                {follower.pod || follower.instance} · {follower.version} · for{" "}
                <TimeAgo time={follower.since} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

type Notes = NonNullable<Agent["permissions"]>["missing"];

function Rights({ title, notes, none }: { title: string; notes: Notes; none: string }) {
  if (notes.length === 0) return <p className={styles.quiet}>{none}</p>;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {notes.map((note) => (
          <li key={JSON.stringify(note)}>
            {note.verbs.join(", ")} {note.resources.join(", ")}
            {note.namespace && ` in ${note.namespace}`}
            {note.capability && <span className={styles.quiet}> (for {note.capability})</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
