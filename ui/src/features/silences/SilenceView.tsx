import { Button, Drawer, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { del } from "~/api";
import { paths } from "~/app/paths";
import { ActionButton, StatusBadge, TimeAgo } from "~/components";
import { splitMatchers } from "~/components/matchers";
import { silenceKeys, type Silence } from "~/components/silencing";
import { previewQuery } from "~/components/silencing/queries";
import { SilencePreviewPanel } from "~/components/silencing/SilencePreviewPanel";
import { Facts } from "~/components/Facts";
import { Matchers } from "~/components/silencing/columns";

import { stateAt } from "./live";
import { LEVELS } from "./SilenceTable";

/** One silence: what it hushes, who wanted it and why; and what can be done about it. */
export function SilenceView({
  silence,
  isUnknown,
  now,
  onClose,
  onChange,
  onCopy,
}: {
  silence: Silence | undefined;
  /** One was asked for that there is not. */
  isUnknown: boolean;
  now: number;
  onClose: () => void;
  onChange: (silence: Silence) => void;
  onCopy: (silence: Silence) => void;
}) {
  return (
    <Drawer
      opened={silence !== undefined || isUnknown}
      onClose={onClose}
      position="right"
      size={520}
      title="Silence"
    >
      {isUnknown && (
        <p>
          There is no such silence any more. What was silenced long ago is in the{" "}
          <Link to={paths.pastSilences()}>history</Link>.
        </p>
      )}
      {silence !== undefined && (
        <OneSilence silence={silence} now={now} onClose={onClose} onChange={onChange} onCopy={onCopy} />
      )}
    </Drawer>
  );
}

function OneSilence({
  silence,
  now,
  onClose,
  onChange,
  onCopy,
}: {
  silence: Silence;
  now: number;
  onClose: () => void;
  onChange: (silence: Silence) => void;
  onCopy: (silence: Silence) => void;
}) {
  const client = useQueryClient();
  const state = stateAt(silence, now);
  const matchers = splitMatchers(silence.matchers);
  const preview = useQuery({
    ...previewQuery(matchers),
    enabled: state !== "expired",
    placeholderData: keepPreviousData,
  });
  const end = useMutation({
    mutationFn: () => del("/api/v1/silences/{silence_id}", { path: { silence_id: silence.id } }),
    onSuccess: () => {
      notifications.show({ title: "Silence ended", message: silence.matchers, color: "green" });
      void client.invalidateQueries({ queryKey: silenceKeys.all });
      void client.invalidateQueries({ queryKey: ["alerts"] });
      onClose();
    },
    onError: (error) =>
      notifications.show({ title: "The silence was not ended", message: error.message, color: "red" }),
  });
  return (
    <>
      <Facts>
        <dt>State</dt>
        <dd>
          <StatusBadge level={LEVELS[state] ?? "unknown"} word={state} />
        </dd>
        <dt>Alerts with</dt>
        <dd>
          <ul>
            {matchers.map((matcher) => (
              <li key={matcher}>
                <Matchers text={matcher} />
              </li>
            ))}
          </ul>
        </dd>
        <dt>By</dt>
        <dd>{silence.createdBy || "somebody"}</dd>
        <dt>Why</dt>
        <dd>{silence.comment || "(no reason given)"}</dd>
        <dt>From</dt>
        <dd>
          <TimeAgo time={silence.startsAt} style="exact" />
        </dd>
        <dt>{state === "expired" ? "Ended" : "Until"}</dt>
        <dd>
          <TimeAgo time={silence.endsAt} style="exact" />, <TimeAgo time={silence.endsAt} />
        </dd>
      </Facts>
      {state !== "expired" && (
        <SilencePreviewPanel
          preview={preview.data}
          isLoading={preview.isLoading}
          isStale={false}
          isEmpty={false}
        />
      )}
      <Group mt="md" gap="xs">
        {state !== "expired" && (
          <ActionButton permission="silences.write" onClick={() => onChange(silence)}>
            Change
          </ActionButton>
        )}
        <ActionButton permission="silences.write" variant="default" onClick={() => onCopy(silence)}>
          {state === "expired" ? "Silence again" : "Copy"}
        </ActionButton>
        {state !== "expired" && (
          <ActionButton
            permission="silences.write"
            variant="default"
            loading={end.isPending}
            onClick={() => end.mutate()}
          >
            End now
          </ActionButton>
        )}
        <Button
          component={Link}
          to={paths.alerts()}
          search={{ filter: matchers } as never}
          variant="subtle"
          ml="auto"
        >
          Show its alerts
        </Button>
      </Group>
    </>
  );
}
