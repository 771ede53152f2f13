import { Title } from "@mantine/core";

import { StatusBadge, TimeAgo } from "~/components";

import styles from "./Object.module.css";
import type { Detail } from "./queries";

type Container = NonNullable<Detail["containers"]>[number];
type Run = NonNullable<Container["last"]>;

/** Containers with their states, and why they were restarted. */
export function ContainerList({
  containers,
  isTemplate,
}: {
  containers: readonly Container[];
  isTemplate: boolean;
}) {
  if (containers.length === 0) return null;
  const title = isTemplate ? "Containers of its pods" : "Containers";
  return (
    <section className={styles.panel} aria-label={title}>
      <Title order={2}>{title}</Title>
      <ul className={styles.containers}>
        {containers.map((container) => (
          <li key={container.name}>
            <ContainerItem container={container} isTemplate={isTemplate} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ContainerItem({ container, isTemplate }: { container: Container; isTemplate: boolean }) {
  const { restarts = 0, since, last, ended, message } = container;
  const word = [container.state, container.reason].filter(Boolean).join(": ");
  return (
    <>
      <div className={styles.containerHead}>
        <b>{container.name}</b>
        {container.init && <span className={styles.quiet}>init</span>}
        {!isTemplate && word && <StatusBadge level={container.level ?? "unknown"} word={word} />}
        {!isTemplate && since && (
          <span className={styles.quiet}>
            for <TimeAgo time={since} style="span" />
          </span>
        )}
        {!isTemplate && (
          <span className={restarts > 0 ? styles.restarts : styles.quiet}>
            {restarts.toLocaleString("en")} {restarts === 1 ? "restart" : "restarts"}
          </span>
        )}
      </div>
      {container.image && <code className={styles.image}>{container.image}</code>}
      {message && <p className={styles.message}>{message}</p>}
      {ended && <RunLine title="Ended" run={ended} />}
      {last && <RunLine title="Last run" run={last} />}
      <Resources container={container} />
    </>
  );
}

function RunLine({ title, run }: { title: string; run: Run }) {
  const how = run.signal ? `signal ${run.signal}` : `exit code ${run.exitCode}`;
  return (
    <p className={styles.run}>
      {title}: {run.reason || "ended"} ({how}){" "}
      {run.finishedAt && (
        <span className={styles.quiet}>
          <TimeAgo time={run.finishedAt} />
        </span>
      )}
      {run.message && <span className={styles.quiet}> — {run.message}</span>}
    </p>
  );
}

function Resources({ container }: { container: Container }) {
  const names = [
    ...new Set([...Object.keys(container.requests ?? {}), ...Object.keys(container.limits ?? {})]),
  ];
  if (names.length === 0) return null;
  return (
    <p className={styles.quiet}>
      {names
        .map(
          (name) =>
            `${name} ${container.requests?.[name] ?? "–"} / ${container.limits?.[name] ?? "no limit"}`,
        )
        .join(" · ")}
    </p>
  );
}
