import { Drawer, Select } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { paths } from "~/app/paths";
import { useView } from "~/app/view";
import { DataTable, EmptyState, StatusBadge, TimeAgo, type Column, type Level } from "~/components";
import { FilterInput } from "~/components/FilterInput";
import { LabelFilter } from "~/components/matchers";
import { receiverNamesQuery } from "~/components/receivers";
import { NarrowRow } from "~/components/NarrowRow";
import { Facts } from "~/components/Facts";

import { notificationsRoute } from ".";
import { useCursorRows } from "./cursorRows";
import { HistoryFrame } from "./HistoryFrame";
import styles from "./History.module.css";
import { notificationsQuery, OUTCOMES, type Notification } from "./queries";
import { readRange } from "./ranges";

/** Who was told of what, with the receipt, or what was wrong. */
export function NotificationsPage() {
  const [view, setView] = useView(notificationsRoute);
  const { cluster, alertname, receiver, outcome } = view;
  const query = useInfiniteQuery(
    notificationsQuery(readRange(view), { cluster, alertname, receiver, outcome }),
  );
  const receivers = useQuery(receiverNamesQuery);
  const rows = useCursorRows(query);
  const [opened, setOpened] = useState<Notification>();
  return (
    <HistoryFrame
      title="Notifications"
      view={view}
      onChange={setView}
      filters={
        <>
          <LabelFilter
            name="alertname"
            label="Only of alerts of this name"
            placeholder="All alerts"
            width={190}
            isSearch
            value={alertname}
            onChange={(next) => setView({ alertname: next })}
          />
          <FilterInput
            label="Only to this receiver"
            placeholder="All receivers"
            value={receiver}
            options={receivers.data}
            onChange={(next) => setView({ receiver: next })}
          />
          <Select
            aria-label="Only with this outcome"
            placeholder="Any outcome"
            w={160}
            clearable
            value={outcome ?? null}
            onChange={(next) => setView({ outcome: OUTCOMES.find((one) => one === next) })}
            data={[...OUTCOMES]}
          />
        </>
      }
    >
      <DataTable
        label="Notifications"
        columns={columns}
        rows={rows}
        rowKey={toKey}
        onOpen={setOpened}
        narrow={(notification) => (
          <NarrowRow>
            <span>
              {notification.receiver} by {notification.integration}
            </span>
            <TimeAgo time={notification.time} />
            <span className={styles.quiet}>{sayWhat(notification)}</span>
            <Outcome notification={notification} />
          </NarrowRow>
        )}
        empty={
          <EmptyState
            icon={IconSend}
            title="Nobody was told of anything in this time"
            text="Choose a longer time or fewer conditions. Whether people can be reached, the receivers' test shows."
          />
        }
        height="calc(100dvh - 210px)"
      />
      <Drawer
        opened={opened !== undefined}
        onClose={() => setOpened(undefined)}
        position="right"
        size={520}
        title="Notification"
      >
        {opened !== undefined && <Details notification={opened} />}
      </Drawer>
    </HistoryFrame>
  );
}

function toKey({ time, receiver, integration, position, group }: Notification): string {
  return `${time} ${receiver} ${integration} ${position} ${group}`;
}

const LEVELS: Record<string, Level> = {
  delivered: "ok",
  refused: "bad",
  "out of time": "bad",
  "failed, tried again": "warn",
  "cut off by a stop": "warn",
};

function Outcome({ notification: { outcome, detail } }: { notification: Notification }) {
  return <StatusBadge level={LEVELS[outcome] ?? "unknown"} word={outcome} reason={detail} />;
}

function sayWhat({ alertnames, firing, resolved }: Notification): string {
  const counts = [
    firing.length > 0 ? `${firing.length} firing` : "",
    resolved.length > 0 ? `${resolved.length} resolved` : "",
  ].filter((part) => part !== "");
  return `${alertnames.join(", ")} (${counts.join(", ")})`;
}

const columns: readonly Column<Notification>[] = [
  { id: "time", title: "Time", width: { pixels: 92 }, cell: ({ time }) => <TimeAgo time={time} /> },
  {
    id: "receiver",
    title: "Receiver",
    width: { share: 1 },
    cell: ({ receiver, integration }) => (
      <span title={`${receiver} by ${integration}`}>
        {receiver} <span className={styles.quiet}>{integration}</span>
      </span>
    ),
  },
  {
    id: "what",
    title: "About",
    width: { share: 2 },
    cell: (notification) => <span title={sayWhat(notification)}>{sayWhat(notification)}</span>,
  },
  { id: "reason", title: "Because", width: { share: 1 }, from: 860, cell: ({ reason }) => reason },
  {
    id: "outcome",
    title: "Outcome",
    width: { pixels: 150 },
    cell: (notification) => <Outcome notification={notification} />,
  },
  {
    id: "detail",
    title: "Receipt or error",
    width: { share: 1 },
    from: 960,
    cell: ({ detail }) => <span title={detail}>{detail}</span>,
  },
  {
    id: "attempts",
    title: "Tries",
    width: { pixels: 50 },
    align: "end",
    from: 760,
    cell: ({ attempts }) => attempts,
  },
];

function Details({ notification }: { notification: Notification }) {
  const { time, receiver, integration, reason, outcome, detail, attempts, seconds, route, group } =
    notification;
  return (
    <Facts>
      <dt>When</dt>
      <dd>
        <TimeAgo time={time} style="exact" />
      </dd>
      <dt>Whom</dt>
      <dd>
        {receiver} by {integration}
      </dd>
      <dt>Because</dt>
      <dd>{reason}</dd>
      <dt>Outcome</dt>
      <dd>
        <StatusBadge level={LEVELS[outcome] ?? "unknown"} word={outcome} />, after{" "}
        {attempts === 1 ? "1 attempt" : `${attempts} attempts`}, in {formatSeconds(seconds)}
      </dd>
      <dt>Receipt or error</dt>
      <dd>{detail || "none"}</dd>
      <dt>Route</dt>
      <dd className={styles.mono}>{route}</dd>
      <dt>Group</dt>
      <dd className={styles.mono}>{group}</dd>
      <Alerts title="Firing" fingerprints={notification.firing} />
      <Alerts title="Resolved" fingerprints={notification.resolved} />
    </Facts>
  );
}

const MOST_ALERTS = 50;

function Alerts({ title, fingerprints }: { title: string; fingerprints: readonly string[] }) {
  if (fingerprints.length === 0) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd className={styles.mono}>
        {fingerprints.slice(0, MOST_ALERTS).map((fingerprint) => (
          <div key={fingerprint}>
            <Link to={paths.alert(fingerprint)}>{fingerprint}</Link>
          </div>
        ))}
        {fingerprints.length > MOST_ALERTS && `and ${fingerprints.length - MOST_ALERTS} more`}
      </dd>
    </>
  );
}

function formatSeconds(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
