import { Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { SeverityBadge, TimeAgo } from "~/components";

import styles from "./Lists.module.css";
import type { Trouble } from "./queries";

/** What fires, by what it is about, the worst first. */
export function Troubles({ troubles }: { troubles: readonly Trouble[] }) {
  return (
    <section className={styles.list} aria-labelledby="trouble">
      <div className={styles.title}>
        <Title order={2} id="trouble">
          Top trouble
        </Title>
        <Link to={paths.alerts()}>All alerts</Link>
      </div>
      {troubles.length === 0 ? (
        <p className={styles.nothing}>Nothing fires.</p>
      ) : (
        <ul>
          {troubles.map((trouble) => (
            <li key={trouble.fingerprint}>
              <Link to={paths.alert(trouble.fingerprint)} className={styles.line}>
                <span className={styles.mark}>
                  <SeverityBadge severity={trouble.severity} />
                </span>
                <span className={styles.main}>
                  <span className={styles.words}>{trouble.summary || trouble.alertname}</span>
                  <span className={styles.place}>
                    {[trouble.cluster, trouble.namespace].filter(Boolean).join(" / ")}
                    {trouble.alerts > 1 && ` · ${trouble.alerts} alerts`}
                  </span>
                </span>
                <span className={styles.time}>
                  <TimeAgo time={trouble.since} style="span" />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
