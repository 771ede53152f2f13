import { IconBellOff, IconCircleCheck, IconEyeOff, IconUserCheck, IconZzz } from "@tabler/icons-react";

import styles from "./Alerts.module.css";
import type { Alert, Mark } from "./queries";

type Shown = Pick<Alert, "status" | "states" | "acknowledgement" | "silencedBy" | "inhibitedBy">;

export const MARK_WORDS: Record<Mark, string> = {
  active: "active",
  acknowledged: "acknowledged",
  silenced: "silenced",
  snoozed: "snoozed",
  inhibited: "inhibited",
};

const ICONS = {
  acknowledged: IconUserCheck,
  silenced: IconBellOff,
  snoozed: IconZzz,
  inhibited: IconEyeOff,
};

/** What is done about an alert, in words; nothing where people are simply told of it. */
export function AlertMarks({ alert }: { alert: Shown }) {
  if (alert.status === "resolved") {
    return (
      <span className={styles.marks}>
        <span className={styles.mark}>
          <IconCircleCheck size={14} /> resolved
        </span>
      </span>
    );
  }
  // A snooze is a silence for one alert: one word for it is enough.
  const states = alert.states ?? [];
  const marks = states.filter(
    (mark) => mark !== "active" && !(mark === "silenced" && states.includes("snoozed")),
  );
  if (marks.length === 0) return null;
  return (
    <span className={styles.marks}>
      {marks.map((mark) => {
        const Icon = ICONS[mark as keyof typeof ICONS];
        return (
          <span key={mark} className={styles.mark} title={explain(mark, alert)}>
            <Icon size={14} /> {mark === "acknowledged" ? (alert.acknowledgement?.by ?? mark) : mark}
          </span>
        );
      })}
    </span>
  );
}

function explain(mark: Mark, alert: Shown): string {
  const { by, note } = alert.acknowledgement ?? {};
  switch (mark) {
    case "acknowledged":
      return `Acknowledged${by ? ` by ${by}` : ""}${note ? `: ${note}` : ""}`;
    case "silenced":
      return `Silenced by ${alert.silencedBy?.length === 1 ? "a silence" : `${alert.silencedBy?.length ?? 0} silences`}`;
    case "snoozed":
      return "Snoozed: a silence for this alert alone";
    case "inhibited":
      return "Inhibited: another alert says the same already";
    case "active":
      return "People are told of it";
  }
}
