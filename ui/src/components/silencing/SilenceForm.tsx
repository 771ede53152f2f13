import { Button, Stack, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { useZone, type Zone } from "~/app/preferences";
import { ActionButton } from "~/components/ActionButton";
import { Foot } from "~/components/Form";
import { MatcherBar, readMatcherFault } from "~/components/matchers";
import { Refusal } from "~/components/Refusal";

import { previewQuery, saveSilence, silenceKeys, type SilenceDraft, type SilenceWanted } from "./queries";
import { SilencePreviewPanel } from "./SilencePreviewPanel";
import { fromField, toField } from "./spans";
import { readUntil, UntilField, type Until } from "./UntilField";

const PAUSE_MS = 250;
const TWO_HOURS = 2 * 3_600_000;

interface Fields {
  matchers: string[];
  until: Until;
  /** Empty: from now on. */
  from: string;
  comment: string;
}

type Faults = Partial<Record<keyof Fields, string>>;

/** Makes a silence, or changes one, and shows live what it hushes. What was typed stays until it is saved. */
export function SilenceForm({
  draft,
  onSaved,
  onCancel,
}: {
  draft: SilenceDraft;
  onSaved: () => void;
  onCancel: () => void;
}) {
  const client = useQueryClient();
  const [zone] = useZone();
  const [fields, setFields] = useState(() => begin(draft, zone));
  const [isLater, setLater] = useState(fields.from !== "");
  const [faults, setFaults] = useState<Faults>({});
  const [settled] = useDebouncedValue(fields.matchers, PAUSE_MS);
  const preview = useQuery({ ...previewQuery(settled), placeholderData: keepPreviousData });
  const save = useMutation({
    mutationFn: (wanted: SilenceWanted) => saveSilence(draft.id, wanted),
    onSuccess: (silence) => {
      notifications.show({
        title: draft.id === undefined ? "Silenced" : "Silence changed",
        message: silence.matchers,
        color: "green",
      });
      void client.invalidateQueries({ queryKey: silenceKeys.all });
      void client.invalidateQueries({ queryKey: ["alerts"] });
      onSaved();
    },
  });
  const change = (next: Partial<Fields>) => {
    setFields((before) => ({ ...before, ...next }));
    setFaults((before) => ({
      ...before,
      ...Object.fromEntries(Object.keys(next).map((name) => [name, undefined])),
    }));
    if (save.error !== null) save.reset();
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const [wanted, found] = read(fields, zone, Date.now());
    setFaults(found);
    if (wanted !== undefined) save.mutate(wanted);
  };
  const ofMatchers =
    readMatcherFault(preview.error, settled.length) ?? readMatcherFault(save.error, fields.matchers.length);
  const refusal = save.error !== null && readMatcherFault(save.error) === undefined ? save.error : null;
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <MatcherBar
          visibleLabel="Which alerts"
          label="Which alerts"
          matchers={fields.matchers}
          onChange={(matchers) => change({ matchers })}
          fault={faults.matchers === undefined ? ofMatchers : { words: faults.matchers }}
          placeholder='cluster="prod"'
          autoFocus={draft.matchers.length === 0}
        />
        <SilencePreviewPanel
          preview={preview.data}
          isEmpty={fields.matchers.length === 0}
          isLoading={preview.isLoading}
          isStale={preview.isFetching || settled !== fields.matchers || preview.error !== null}
        />
        <UntilField
          label="For how long"
          until={fields.until}
          onChange={(until) => change({ until })}
          error={faults.until}
        />
        {isLater ? (
          <TextInput
            type="datetime-local"
            label={`From (${zone === "utc" ? "UTC" : "local time"})`}
            value={fields.from}
            onChange={(event) => change({ from: event.currentTarget.value })}
            error={faults.from}
            description="Empty: from now on"
          />
        ) : (
          <Button variant="subtle" size="compact-xs" w="fit-content" onClick={() => setLater(true)}>
            Begin later …
          </Button>
        )}
        <Textarea
          label="Why"
          placeholder="What is going on, and where to read about it"
          autosize
          minRows={2}
          maxRows={8}
          data-autofocus={draft.matchers.length > 0 || undefined}
          value={fields.comment}
          onChange={(event) => change({ comment: event.currentTarget.value })}
          error={faults.comment}
        />
        <Refusal error={refusal} title="The silence was not saved" />
        <Foot>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <ActionButton permission="silences.write" type="submit" loading={save.isPending}>
            {draft.id === undefined ? "Silence" : "Save changes"}
          </ActionButton>
        </Foot>
      </Stack>
    </form>
  );
}

function begin(draft: SilenceDraft, zone: Zone): Fields {
  const isPending = draft.startsAt !== undefined && Date.parse(draft.startsAt) > Date.now();
  return {
    matchers: draft.matchers,
    until:
      draft.endsAt === undefined ? { span: TWO_HOURS } : { field: toField(Date.parse(draft.endsAt), zone) },
    from: isPending && draft.startsAt !== undefined ? toField(Date.parse(draft.startsAt), zone) : "",
    comment: draft.comment ?? "",
  };
}

/** What the fields ask for; or what is wrong with them. */
function read(fields: Fields, zone: Zone, now: number): [SilenceWanted | undefined, Faults] {
  const end = readUntil(fields.until, now, zone);
  const start = fields.from === "" ? undefined : fromField(fields.from, zone);
  const comment = fields.comment.trim();
  const faults: Faults = {};
  if (fields.matchers.length === 0) faults.matchers = "Say which alerts: at least one matcher";
  if (end === undefined) faults.until = "Say until when, with date and time";
  else if (end <= now) faults.until = "This is over already: choose a time ahead";
  if (fields.from !== "" && start === undefined) faults.from = "Write a date and a time, or leave it empty";
  else if (start !== undefined && end !== undefined && start >= end) faults.from = "It begins after it ends";
  if (comment === "") faults.comment = "Say why: who is on call next will want to know";
  if (Object.keys(faults).length > 0 || end === undefined) return [undefined, faults];
  return [
    {
      matchers: fields.matchers,
      comment,
      startsAt: start === undefined ? undefined : new Date(start),
      endsAt: new Date(end),
    },
    {},
  ];
}
