import { SegmentedControl, TextInput } from "@mantine/core";
import { IconBellOff, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { usePageKeys } from "~/app/pageKeys";
import { paths } from "~/app/paths";
import { useView } from "~/app/view";
import { ActionButton, EmptyState, Page, QueryView, useNow } from "~/components";
import { SilenceDrawer, silencesQuery, type Silence, type SilenceDraft } from "~/components/silencing";
import { splitMatchers } from "~/components/matchers";

import { silencesRoute, STATES } from ".";
import { stateAt } from "./live";
import { SilenceTable } from "./SilenceTable";
import { SilenceView } from "./SilenceView";
import styles from "./Silences.module.css";

type State = (typeof STATES)[number];

const WORDS: Record<State, string> = { active: "Active", pending: "Pending", expired: "Expired", all: "All" };

/** What is hushed now, will be, and was lately; by whom and why. */
export function SilencesPage() {
  const [view, setView] = useView(silencesRoute);
  const silences = useQuery(silencesQuery);
  const [draft, setDraft] = useState<SilenceDraft>();
  const now = useNow();
  const asked = view.new === true ? { matchers: view.filter ?? [] } : draft;
  const close = () => {
    setDraft(undefined);
    if (view.new === true) setView({ new: undefined, filter: undefined }, { replace: true });
  };
  usePageKeys({ n: () => setDraft({ matchers: [] }) });
  const shown = view.state ?? "active";
  const change = (silence: Silence) => setDraft(draftOf(silence, { isNew: false }));
  const copy = (silence: Silence) => setDraft(draftOf(silence, { isNew: true }));
  return (
    <Page
      title="Silences"
      actions={
        <ActionButton
          permission="silences.write"
          leftSection={<IconPlus size={14} />}
          onClick={() => setDraft({ matchers: [] })}
        >
          New silence
        </ActionButton>
      }
    >
      <QueryView query={silences}>
        {({ items }) => (
          <>
            <div className={styles.bar}>
              <SegmentedControl
                aria-label="Which silences"
                value={shown}
                onChange={(state) => setView({ state: state === "active" ? undefined : state })}
                data={STATES.map((state) => ({
                  value: state,
                  label: `${WORDS[state]} ${count(items, state, now)}`,
                }))}
              />
              <TextInput
                aria-label="Search silences"
                placeholder="Search matchers, authors, reasons  ( / )"
                data-search=""
                leftSection={<IconSearch size={14} />}
                defaultValue={view.q}
                onChange={(event) =>
                  setView({ q: event.currentTarget.value || undefined }, { replace: true })
                }
              />
            </div>
            <Chosen
              items={items}
              state={shown}
              q={view.q}
              now={now}
              onOpen={(silence) => setView({ id: silence.id })}
              onChange={change}
              onCopy={copy}
            />
            <SilenceView
              silence={items.find((silence) => silence.id === view.id)}
              isUnknown={view.id !== undefined && !items.some((silence) => silence.id === view.id)}
              now={now}
              onClose={() => setView({ id: undefined })}
              onChange={change}
              onCopy={copy}
            />
          </>
        )}
      </QueryView>
      <SilenceDrawer draft={asked} onClose={close} onSaved={() => setView({ id: undefined })} />
    </Page>
  );
}

function Chosen({
  items,
  state,
  q = "",
  now,
  ...rest
}: {
  items: readonly Silence[];
  state: State;
  q: string | undefined;
  now: number;
  onOpen: (silence: Silence) => void;
  onChange: (silence: Silence) => void;
  onCopy: (silence: Silence) => void;
}) {
  const shown = useMemo(
    () => items.filter((silence) => isIn(silence, state, now) && holds(silence, q)),
    [items, state, q, now],
  );
  return (
    <SilenceTable
      silences={shown}
      now={now}
      empty={<NoSilences isNarrowed={q !== ""} state={state} />}
      {...rest}
    />
  );
}

function NoSilences({ state, isNarrowed }: { state: State; isNarrowed: boolean }) {
  if (isNarrowed)
    return (
      <EmptyState icon={IconBellOff} title="No silence fits" text="Search for less, or in another state." />
    );
  return (
    <EmptyState
      icon={IconBellOff}
      title={state === "all" ? "No silences" : `No ${state} silences`}
      text={
        <>
          A silence keeps people from being told of alerts for a while. Make one here, or from an alert with
          the key s. What was silenced long ago is in the <Link to={paths.pastSilences()}>history</Link>.
        </>
      }
    />
  );
}

function draftOf(silence: Silence, { isNew }: { isNew: boolean }): SilenceDraft {
  const { id, matchers, comment, startsAt, endsAt } = silence;
  const what = { matchers: splitMatchers(matchers), comment };
  return isNew ? what : { ...what, id, startsAt, endsAt };
}

function isIn(silence: Silence, state: State, now: number): boolean {
  return state === "all" || stateAt(silence, now) === state;
}

function count(items: readonly Silence[], state: State, now: number): number {
  return items.filter((silence) => isIn(silence, state, now)).length;
}

function holds({ matchers, comment, createdBy }: Silence, q: string): boolean {
  const text = `${matchers}\n${comment}\n${createdBy}`.toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
