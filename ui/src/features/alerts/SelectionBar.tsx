import { Button, CloseButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";

import { ActionButton } from "~/components";
import { KeyMark } from "~/components/KeyMark";

import type { ActionKind } from "./AlertActions";
import styles from "./Alerts.module.css";
import type { Alert } from "./queries";
import type { Selection } from "./selection";

/** What can be done about the alerts that are selected. */
export function SelectionBar({
  selection,
  total,
  onAct,
  readAll,
}: {
  selection: Selection;
  total: number;
  onAct: (kind: ActionKind) => void;
  /** Reads every alert of the view, up to as many as can be acted upon at once. */
  readAll?: () => Promise<Alert[]>;
}) {
  const count = selection.alerts.length;
  const selectAll = useMutation({
    mutationFn: async () => (await readAll?.()) ?? [],
    onSuccess: (alerts) => selection.keep(new Set(alerts.map((alert) => alert.fingerprint)), alerts),
    onError: (error) => notifications.show({ message: error.message, color: "red" }),
  });
  if (count === 0) return null;
  const isAcknowledged = selection.alerts.every((alert) => alert.states?.includes("acknowledged"));
  return (
    <div className={styles.selection} role="toolbar" aria-label="Selected alerts">
      <span>{count.toLocaleString("en")} selected</span>
      {readAll !== undefined && count < Math.min(total, 1000) && (
        <Button variant="subtle" loading={selectAll.isPending} onClick={() => selectAll.mutate()}>
          {total > 1000 ? "Select the first 1,000" : `Select all ${total.toLocaleString("en")}`}
        </Button>
      )}
      {isAcknowledged ? (
        <ActionButton permission="alerts.write" variant="default" onClick={() => onAct("take back")}>
          Take back
        </ActionButton>
      ) : (
        <ActionButton permission="alerts.write" onClick={() => onAct("acknowledge")}>
          Acknowledge
          <KeyMark name="a" />
        </ActionButton>
      )}
      <ActionButton permission="silences.write" variant="default" onClick={() => onAct("silence")}>
        Silence
        <KeyMark name="s" />
      </ActionButton>
      <ActionButton permission="alerts.write" variant="default" onClick={() => onAct("snooze")}>
        Snooze
        <KeyMark name="z" />
      </ActionButton>
      <CloseButton aria-label="Select nothing" onClick={selection.clear} />
    </div>
  );
}
