import { Button, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { paths } from "~/app/paths";
import { SeverityBadge, StatusBadge, TimeAgo } from "~/components";
import { LabelChips } from "~/components/LabelChips";

import { ContainerList } from "./ContainerList";
import styles from "./Object.module.css";
import { ObjectLink } from "./ObjectLink";
import type { Detail } from "./queries";

/** Everything about an object but its document and history. */
export function ObjectOverview({ detail, at }: { detail: Detail; at: string | undefined }) {
  return (
    <div className={styles.columns}>
      <div className={styles.column}>
        <Alerts detail={detail} at={at} />
        <ContainerList containers={detail.containers ?? []} isTemplate={detail.kind !== "Pod"} />
        <Related
          title="Pods"
          cluster={detail.cluster}
          objects={detail.pods ?? []}
          count={detail.podCount ?? 0}
          at={at}
        />
        <Related
          title="Made by it"
          cluster={detail.cluster}
          objects={detail.owned ?? []}
          count={detail.ownedCount ?? 0}
          at={at}
          withKind
        />
        <Events detail={detail} at={at} />
      </div>
      <div className={styles.column}>
        <Facts detail={detail} at={at} />
        <Conditions detail={detail} />
      </div>
    </div>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.panel} aria-label={title}>
      <Title order={2}>{title}</Title>
      {children}
    </section>
  );
}

function Alerts({ detail, at }: { detail: Detail; at: string | undefined }) {
  const alerts = detail.alerts ?? [];
  if (alerts.length === 0 || at !== undefined) return null;
  return (
    <Panel title="Alerts">
      <ul className={styles.alerts}>
        {alerts.map((alert) => (
          <li key={alert.fingerprint}>
            <SeverityBadge severity={alert.severity} />
            <div>
              <Link to={paths.alert(alert.fingerprint)}>{alert.alertname}</Link>{" "}
              <span className={styles.quiet}>
                <TimeAgo time={alert.startsAt} />
              </span>
              <p>{alert.summary}</p>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const MOST_RELATED = 30;

function Related({
  title,
  cluster,
  objects,
  count,
  at,
  withKind = false,
}: {
  title: string;
  cluster: string;
  objects: NonNullable<Detail["pods"]>;
  count: number;
  at: string | undefined;
  withKind?: boolean;
}) {
  if (objects.length === 0) return null;
  return (
    <Panel title={`${title} (${count.toLocaleString("en")})`}>
      <ul className={styles.related}>
        {objects.slice(0, MOST_RELATED).map((one) => (
          <li key={`${one.kind} ${one.namespace} ${one.name}`}>
            <span className={styles.relatedName}>
              <ObjectLink cluster={cluster} object={one} at={at} withKind={withKind} />
            </span>
            {one.status && (
              <StatusBadge level={one.status.level} word={one.status.word} reason={one.status.reason} />
            )}
            <span className={styles.quiet}>
              {one.createdAt && <TimeAgo time={one.createdAt} style="span" />}
            </span>
          </li>
        ))}
      </ul>
      {count > MOST_RELATED && (
        <p className={styles.quiet}>
          … and {(count - Math.min(count, MOST_RELATED)).toLocaleString("en")} more; these are the worst.
        </p>
      )}
    </Panel>
  );
}

const FEW_EVENTS = 12;

function Events({ detail, at }: { detail: Detail; at: string | undefined }) {
  const [isWhole, setWhole] = useState(false);
  const events = detail.events ?? [];
  if (events.length === 0) return null;
  const shown = isWhole ? events : events.slice(0, FEW_EVENTS);
  return (
    <Panel title="Events">
      <ul className={styles.events}>
        {shown.map((event, place) => (
          <li key={`${event.kind} ${event.name} ${event.reason} ${place}`} data-type={event.type}>
            <span className={styles.quiet}>{event.lastSeen ? <TimeAgo time={event.lastSeen} /> : "–"}</span>
            <div>
              <b>{event.reason}</b>
              {event.count > 1 && <span className={styles.quiet}> ×{event.count}</span>}
              {event.name !== detail.name && (
                <span className={styles.about}>
                  <ObjectLink
                    cluster={detail.cluster}
                    object={{ kind: event.kind, name: event.name, namespace: detail.namespace }}
                    at={at}
                  />
                </span>
              )}
              <p>{event.message}</p>
            </div>
          </li>
        ))}
      </ul>
      {shown.length < events.length && (
        <Button size="compact-sm" variant="subtle" onClick={() => setWhole(true)}>
          Show all {events.length}
        </Button>
      )}
    </Panel>
  );
}

function Facts({ detail, at }: { detail: Detail; at: string | undefined }) {
  const { node, uses = [], labels } = detail;
  return (
    <Panel title="Details">
      <dl className={styles.facts}>
        {detail.status.reason && <Fact name="Reason">{detail.status.reason}</Fact>}
        <Fact name="Cluster">
          <Link to={paths.cluster(detail.cluster)} search={{ at }}>
            {detail.cluster}
          </Link>
        </Fact>
        {detail.namespace && (
          <Fact name="Namespace">
            <ObjectLink
              cluster={detail.cluster}
              object={{ kind: "Namespace", namespace: "", name: detail.namespace }}
              at={at}
              withKind={false}
            />
          </Fact>
        )}
        {node && (
          <Fact name="Node">
            <ObjectLink cluster={detail.cluster} object={node} at={at} withKind={false} />{" "}
            {node.status && <StatusBadge level={node.status.level} word={node.status.word} />}
          </Fact>
        )}
        {detail.createdAt && (
          <Fact name="Created">
            <TimeAgo time={detail.createdAt} />
          </Fact>
        )}
        {detail.deletedAt && (
          <Fact name="Deletion asked for">
            <TimeAgo time={detail.deletedAt} />
          </Fact>
        )}
        {uses.length > 0 && (
          <Fact name="Uses">
            <ul className={styles.uses}>
              {uses.map((one) => (
                <li key={`${one.kind} ${one.name}`}>
                  <ObjectLink cluster={detail.cluster} object={one} at={at} />
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {labels && Object.keys(labels).length > 0 && (
          <Fact name="Labels">
            <LabelChips labels={labels} />
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Conditions({ detail }: { detail: Detail }) {
  const conditions = detail.conditions ?? [];
  if (conditions.length === 0) return null;
  return (
    <Panel title="Conditions">
      <ul className={styles.conditions}>
        {conditions.map((condition) => (
          <li key={condition.type}>
            <div className={styles.conditionHead}>
              <StatusBadge level={condition.level} word={`${condition.type}: ${condition.status}`} />
              <span className={styles.quiet}>
                {condition.since && <TimeAgo time={condition.since} style="span" />}
              </span>
            </div>
            {(condition.reason || condition.message) && (
              <p className={styles.quiet}>
                {[condition.reason, condition.message].filter(Boolean).join(": ")}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
