import { Select, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { ActionButton, QueryView, StatusBadge } from "~/components";
import { receiverNamesQuery, useReceiverTest } from "~/components/receivers";
import { Refusal } from "~/components/Refusal";

import styles from "./Onboarding.module.css";

/** Tries that people are told: sends a test to a receiver, and says how each of its integrations took it. */
export function TestAlertPanel() {
  const receivers = useQuery(receiverNamesQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const test = useReceiverTest();
  return (
    <section className={styles.panel} aria-label="Test alert">
      <Title order={2}>Try that people are told</Title>
      <QueryView query={receivers}>
        {(names) => {
          const name = chosen ?? names[0] ?? null;
          return names.length === 0 ? (
            <p className={styles.quiet}>
              No receiver is configured yet: alerts show here, and nobody is told of them. Add one under
              Routing.
            </p>
          ) : (
            <div className={styles.test}>
              <Select
                aria-label="Receiver"
                data={names}
                value={name}
                allowDeselect={false}
                onChange={setChosen}
                searchable
              />
              <ActionButton
                permission="receivers.test"
                loading={test.isPending}
                onClick={() => name !== null && test.mutate(name)}
              >
                Send a test
              </ActionButton>
            </div>
          );
        }}
      </QueryView>
      <Refusal error={test.error} />
      {test.data && (
        <ul className={styles.trials} aria-live="polite">
          {test.data.items.length === 0 && <li>This receiver has no integration: it tells nobody.</li>}
          {test.data.items.map((trial) => (
            <li key={trial.position}>
              <StatusBadge
                level={trial.delivered ? "ok" : "bad"}
                word={`${trial.integration}: ${trial.delivered ? "delivered" : "not delivered"}`}
              />
              {trial.detail && <p className={styles.quiet}>{trial.detail}</p>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
