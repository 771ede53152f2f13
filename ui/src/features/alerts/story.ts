/** What happened around an alert, in order: what changed before, that it fired, who was told, who took it on. */
import type { Alert, Evidence, Notification, RelatedChange, Transition } from "./queries";

export type Step =
  | { kind: "change"; time: string; change: RelatedChange; isCause: boolean }
  | { kind: "transition"; time: string; transition: Transition }
  | { kind: "notification"; time: string; notification: Notification };

/** The likeliest cause; undefined when nothing that changed is likely to be one. */
export function findCause(evidence: Evidence | undefined): RelatedChange | undefined {
  const first = evidence?.changes?.[0];
  return first !== undefined && first.score >= LEAST_SCORE ? first : undefined;
}

/** Below that a change only happened nearby. */
const LEAST_SCORE = 0.2;

/** The newest first. Of the alert's transitions and of notifications only those of this firing. */
export function tellStory(
  alert: Pick<Alert, "startsAt">,
  evidence: Evidence | undefined,
  transitions: readonly Transition[],
  notifications: readonly Notification[],
): Step[] {
  const begin = Date.parse(alert.startsAt);
  const cause = findCause(evidence);
  const isOfThis = (time: string) => Date.parse(time) >= begin;
  const steps: Step[] = [
    ...(evidence?.changes ?? []).map((change): Step => ({
      kind: "change",
      time: change.time,
      change,
      isCause: change === cause,
    })),
    ...transitions
      .filter(({ time, transition }) => isOfThis(time) && transition !== "updated")
      .map((transition): Step => ({ kind: "transition", time: transition.time, transition })),
    ...notifications
      .filter(({ time }) => isOfThis(time))
      .map((notification): Step => ({ kind: "notification", time: notification.time, notification })),
  ];
  return steps.toSorted((one, other) => Date.parse(other.time) - Date.parse(one.time));
}

/** How often it began to fire, the present time included. */
export function countFirings(transitions: readonly Transition[]): number {
  return transitions.filter(({ transition }) => transition === "fired").length;
}

/** Whether any integration was told that it fires. */
export function wasTold(tellings: readonly { state: string; toldAt?: string | null }[]): boolean {
  return tellings.some(({ state, toldAt }) => state === "told" || (toldAt !== undefined && toldAt !== null));
}
