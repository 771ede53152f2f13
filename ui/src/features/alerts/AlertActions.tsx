import { Alert as Notice, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { useZone } from "~/app/preferences";
import { ActionButton } from "~/components";
import { commonMatchers } from "~/components/matchers";
import { Refusal } from "~/components/Refusal";
import { readUntil, SilenceDrawer, UntilField, type Until } from "~/components/silencing";

import { acknowledge, snooze, takeBack, type Results } from "./actions";
import styles from "./Alerts.module.css";
import { keys, type Alert } from "./queries";
import { readName, readSummary } from "./subject";

export type ActionKind = "acknowledge" | "take back" | "snooze" | "silence";

export const ACTION_KEYS: Record<string, ActionKind> = { a: "acknowledge", s: "silence", z: "snooze" };

interface Asked {
  kind: ActionKind;
  alerts: readonly Alert[];
}

/** The dialogs of what can be done about alerts, and what opens them. */
export function useAlertActions(onDone?: () => void) {
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const done = () => {
    close();
    onDone?.();
  };
  const open = (kind: ActionKind, alerts: readonly Alert[]) => {
    if (alerts.length > 0) setAsked({ kind, alerts });
  };
  const dialogs = (
    <>
      <Modal
        opened={asked !== undefined && asked.kind !== "silence"}
        onClose={close}
        title={asked === undefined ? "" : titleOf(asked)}
        size="md"
      >
        {asked !== undefined && asked.kind !== "silence" && (
          <ActionForm asked={asked} onClose={close} onDone={done} />
        )}
      </Modal>
      <SilenceDrawer
        draft={
          asked?.kind === "silence"
            ? { matchers: commonMatchers(asked.alerts.map((alert) => alert.labels)) }
            : undefined
        }
        onClose={close}
        onSaved={onDone}
      />
    </>
  );
  return { open, dialogs, isOpen: asked !== undefined };
}

const VERBS: Record<Exclude<ActionKind, "silence">, [button: string, done: string]> = {
  acknowledge: ["Acknowledge", "Acknowledged"],
  "take back": ["Take back", "Acknowledgement taken back:"],
  snooze: ["Snooze", "Snoozed"],
};

function titleOf({ kind, alerts }: Asked): string {
  const verb = kind === "silence" ? "Silence" : VERBS[kind][0];
  const [only] = alerts;
  return alerts.length === 1 && only !== undefined
    ? `${verb} ${readName(only.labels)}`
    : `${verb} ${alerts.length} alerts`;
}

const ONE_HOUR = 3_600_000;

function ActionForm({ asked, onClose, onDone }: { asked: Asked; onClose: () => void; onDone: () => void }) {
  const { kind, alerts } = asked;
  const client = useQueryClient();
  const [zone] = useZone();
  const [note, setNote] = useState("");
  const [until, setUntil] = useState<Until>({ span: ONE_HOUR });
  const [fault, setFault] = useState<string>();
  const [verb, done] = VERBS[kind as keyof typeof VERBS];
  const act = useMutation({
    mutationFn: (end: Date) =>
      kind === "acknowledge"
        ? acknowledge(alerts, note.trim())
        : kind === "snooze"
          ? snooze(alerts, end, note.trim())
          : takeBack(alerts),
    onSuccess: (results) => {
      void client.invalidateQueries({ queryKey: keys.all });
      void client.invalidateQueries({ queryKey: ["silences"] });
      if (results.failed > 0) return;
      notifications.show({ message: `${done} ${nameAll(alerts)}`, color: "green" });
      onDone();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const end = readUntil(until, Date.now(), zone);
    if (kind === "snooze" && (end === undefined || end <= Date.now()))
      setFault("Choose a time that is ahead");
    else act.mutate(new Date(end ?? 0));
  };
  if (act.data !== undefined && act.data.failed > 0)
    return <Outcome results={act.data} alerts={alerts} onClose={onDone} />;
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {alerts.length === 1 && alerts[0] !== undefined && (
          <span className={styles.quiet}>{readSummary(alerts[0])}</span>
        )}
        {kind === "snooze" && (
          <UntilField
            label="For how long"
            until={until}
            onChange={(next) => {
              setUntil(next);
              setFault(undefined);
            }}
            error={fault}
          />
        )}
        {kind !== "take back" && (
          <TextInput
            label="Note"
            placeholder={kind === "acknowledge" ? "I am looking into it" : "Why it can wait"}
            data-autofocus
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        )}
        <Refusal error={act.error} p="xs" />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <ActionButton permission="alerts.write" type="submit" loading={act.isPending}>
            {verb}
          </ActionButton>
        </Group>
      </Stack>
    </form>
  );
}

/** With which alerts it did not work, and why; it did with the others. */
function Outcome({
  results,
  alerts,
  onClose,
}: {
  results: Results;
  alerts: readonly Alert[];
  onClose: () => void;
}) {
  const names = new Map(
    alerts.map((alert) => [alert.fingerprint, readSummary(alert) || readName(alert.labels)]),
  );
  const failed = results.items.filter((item) => !item.ok);
  return (
    <Stack gap="md">
      <Notice color="orange" variant="light" role="alert" p="xs">
        {results.items.length - failed.length} of {results.items.length} done. It did not work with{" "}
        {failed.length === 1 ? "this one" : `these ${failed.length}`}:
      </Notice>
      <ul className={styles.results} aria-label="What did not work">
        {failed.map((item) => (
          <li key={item.fingerprint}>
            <b>{names.get(item.fingerprint) ?? item.fingerprint}</b>
            {item.error}
          </li>
        ))}
      </ul>
      <Group justify="flex-end">
        <Button onClick={onClose}>Close</Button>
      </Group>
    </Stack>
  );
}

function nameAll(alerts: readonly Alert[]): string {
  const [only] = alerts;
  return alerts.length === 1 && only !== undefined ? readName(only.labels) : `${alerts.length} alerts`;
}
