import { Button, Title } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { QueryView } from "~/components";

import styles from "./Onboarding.module.css";
import { findSteps, isComplete, type Step } from "./progress";
import { linksQuery, type Cluster } from "./queries";

const WORDS = { done: "done", waiting: "waiting", failed: "held up" } as const;

/** The agent as it comes, step by step, with the exact reason when it does not. */
export function ProgressPanel({ query, name }: { query: UseQueryResult<Cluster>; name: string }) {
  const links = useQuery(linksQuery(name));
  return (
    <section className={styles.panel} aria-label="Progress">
      <Title order={2}>Watch it come</Title>
      <QueryView query={query}>
        {(cluster) => {
          const steps = findSteps(cluster, links.data?.items ?? []);
          return (
            <>
              <ol className={styles.line} aria-live="polite">
                {steps.map((step) => (
                  <StepItem key={step.id} step={step} />
                ))}
              </ol>
              {isComplete(steps) && (
                <div>
                  <Button component={Link} to={paths.cluster(name)}>
                    Open {name}
                  </Button>
                </div>
              )}
            </>
          );
        }}
      </QueryView>
    </section>
  );
}

function StepItem({ step }: { step: Step }) {
  return (
    <li data-state={step.state} data-step={step.id}>
      <span className={styles.mark} aria-hidden>
        {step.state === "done" && <IconCheck size={13} stroke={3} />}
        {step.state === "failed" && <IconAlertTriangle size={13} stroke={2.4} />}
      </span>
      <div>
        <span className={styles.stepTitle}>
          {step.title}
          <span className={styles.hidden}>: {WORDS[step.state]}</span>
        </span>
        {step.details.map((detail) => (
          <p key={detail}>{detail}</p>
        ))}
      </div>
    </li>
  );
}
