import { IconBellOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { ActionButton, EmptyState, Page, QueryView, StatusBadge, TimeAgo } from "~/components";
import { useReceiverTest } from "~/components/receivers";

import { receiversQuery, type Receiver } from "../queries";
import styles from "../Settings.module.css";

/** Who can be told, how that went lately, and a way to try each. */
export function ReceiversPage() {
  const query = useQuery(receiversQuery);
  return (
    <Page title="Receivers">
      <QueryView query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={IconBellOff}
              title="Nobody is told"
              text="The alerting configuration names no receivers yet."
            />
          ) : (
            items.map((receiver) => <ReceiverPanel key={receiver.name} receiver={receiver} />)
          )
        }
      </QueryView>
    </Page>
  );
}

function ReceiverPanel({ receiver }: { receiver: Receiver }) {
  const { name, routes, integrations } = receiver;
  const trial = useReceiverTest();
  return (
    <section className={styles.panel} aria-label={name}>
      <div className={styles.row}>
        <div className={styles.grow}>
          <h2>{name}</h2>
          <span className={styles.quiet}>
            {routes === 0
              ? "no route leads here"
              : `${routes} ${routes === 1 ? "route leads" : "routes lead"} here`}
          </span>
        </div>
        <ActionButton
          permission="receivers.test"
          variant="default"
          loading={trial.isPending}
          disabled={integrations.length === 0}
          onClick={() => trial.mutate(name)}
        >
          Send a test
        </ActionButton>
      </div>
      <ul className={styles.rows}>
        {integrations.map(({ kind, position, lately }) => {
          const tried = trial.data?.items.find(
            (each) => each.integration === kind && each.position === position,
          );
          return (
            <li key={`${kind} ${position}`} className={styles.row}>
              <div className={styles.grow}>
                <b>{kind}</b>
                <div className={styles.quiet}>
                  {lately == null ? (
                    "nothing was sent lately"
                  ) : (
                    <>
                      {lately.sent} sent, {lately.failed} failed; the last one{" "}
                      <TimeAgo time={lately.lastAt} />
                      {lately.failed > 0 && lately.lastDetail && `: ${lately.lastDetail}`}
                    </>
                  )}
                </div>
              </div>
              {tried !== undefined ? (
                <span role="status">
                  <StatusBadge
                    level={tried.delivered ? "ok" : "bad"}
                    word={tried.delivered ? "test delivered" : "test failed"}
                    reason={tried.detail}
                  />
                </span>
              ) : (
                lately != null && (
                  <StatusBadge
                    level={lately.lastOutcome === "delivered" ? "ok" : "bad"}
                    word={lately.lastOutcome}
                    reason={lately.lastDetail}
                  />
                )
              )}
            </li>
          );
        })}
        {integrations.length === 0 && <li className={styles.quiet}>It has no way to reach people.</li>}
      </ul>
      {trial.error !== null && (
        <p role="alert" className={styles.fault}>
          {trial.error.message}
        </p>
      )}
      {trial.data?.items
        .filter(({ delivered }) => !delivered)
        .map(({ integration, position, detail }) => (
          <p key={`${integration} ${position}`} role="alert" className={styles.fault}>
            {integration}: {detail}
          </p>
        ))}
    </section>
  );
}
