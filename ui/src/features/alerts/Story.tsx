import {
  IconBellRinging,
  IconCircleCheck,
  IconFlame,
  IconGitCommit,
  IconSend,
  IconUserCheck,
  IconUserX,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { paths } from "~/app/paths";
import { TimeAgo } from "~/components";

import styles from "./Alert.module.css";
import { ChangeDiff } from "./ChangeDiff";
import { Panel } from "./Panel";
import type { Notification, RelatedChange, Transition } from "./queries";
import type { Step } from "./story";

/** What changed before, that it fired, who was told, who took it on: the newest first. */
export function Story({ cluster, steps }: { cluster: string; steps: readonly Step[] }) {
  return (
    <Panel title="Timeline" aside="what changed before, and what happened since">
      {steps.length === 0 ? (
        <p className={styles.quiet}>Nothing is known to have changed before it fired.</p>
      ) : (
        <ol className={styles.story}>
          {steps.map((step) => (
            <StepLine key={toKey(step)} cluster={cluster} step={step} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function toKey(step: Step): string {
  switch (step.kind) {
    case "change":
      return `${step.time} ${step.change.kind} ${step.change.namespace}/${step.change.name} ${step.change.words}`;
    case "transition":
      return `${step.time} ${step.transition.transition}`;
    case "notification":
      return `${step.time} ${step.notification.receiver} ${step.notification.integration} ${step.notification.position}`;
  }
}

function StepLine({ cluster, step }: { cluster: string; step: Step }) {
  switch (step.kind) {
    case "change":
      return <ChangeLine cluster={cluster} change={step.change} isCause={step.isCause} />;
    case "transition":
      return <TransitionLine transition={step.transition} />;
    case "notification":
      return <NotificationLine notification={step.notification} />;
  }
}

function ChangeLine({
  cluster,
  change,
  isCause,
}: {
  cluster: string;
  change: RelatedChange;
  isCause: boolean;
}) {
  const [isOpen, setOpen] = useState(false);
  const { kind, namespace, name, words, effect } = change;
  const Icon = isCause ? IconFlame : IconGitCommit;
  return (
    <li data-tone={isCause ? "cause" : undefined}>
      <Icon size={15} aria-hidden />
      <div className={styles.what}>
        <Link to={paths.object(cluster, kind, namespace, name)}>
          {kind} {namespace === "" ? name : `${namespace}/${name}`}
        </Link>{" "}
        {words}{" "}
        {!isCause && effect !== "created" && effect !== "deleted" && (
          <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Hide what changed" : "What changed"}
          </button>
        )}
        {isOpen && <ChangeDiff cluster={cluster} change={change} />}
      </div>
      <TimeAgo time={change.time} />
    </li>
  );
}

const TRANSITIONS: Record<string, [icon: typeof IconSend, words: string, tone?: string]> = {
  fired: [IconBellRinging, "The alert fired", "fired"],
  resolved: [IconCircleCheck, "The alert was resolved", "good"],
  acknowledged: [IconUserCheck, "acknowledged it", "good"],
  unacknowledged: [IconUserX, "took the acknowledgement back"],
};

function TransitionLine({ transition }: { transition: Transition }) {
  const [Icon, words, tone] = TRANSITIONS[transition.transition] ?? [IconBellRinging, transition.transition];
  const { by, note } = transition;
  return (
    <li data-tone={tone}>
      <Icon size={15} aria-hidden />
      <div className={styles.what}>
        {by ? `${by} ` : ""}
        {words}
        {note ? `: ${note}` : ""}
      </div>
      <TimeAgo time={transition.time} />
    </li>
  );
}

function NotificationLine({ notification }: { notification: Notification }) {
  const { receiver, integration, outcome, reason, detail, attempts } = notification;
  const isDelivered = outcome === "delivered";
  return (
    <li data-tone={isDelivered ? undefined : "fired"}>
      <IconSend size={15} aria-hidden />
      <div className={styles.what}>
        {isDelivered ? "Told " : "Could not tell "}
        <b>{receiver}</b> by {integration}
        <span className={styles.quiet}>
          {" "}
          {reason}; {outcome}
          {detail && `: ${detail}`}
          {attempts > 1 && `, after ${attempts} attempts`}
        </span>
      </div>
      <TimeAgo time={notification.time} />
    </li>
  );
}
