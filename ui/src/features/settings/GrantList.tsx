import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { del, get, post } from "~/api";
import { useAction } from "~/app/action";
import { QueryView } from "~/components";
import { ConfirmButton } from "~/components/ConfirmButton";
import { Form } from "~/components/Form";

import { GrantForm, NO_GRANT, toWanted, type WantedGrant } from "./GrantForm";
import styles from "./Settings.module.css";

type HolderKind = "users" | "teams";

const CALLS = {
  users: {
    list: (id: string, signal: AbortSignal) =>
      get("/api/v1/users/{user_id}/grants", { path: { user_id: id }, signal }),
    add: (id: string, grant: WantedGrant) =>
      post("/api/v1/users/{user_id}/grants", { path: { user_id: id }, body: toWanted(grant) }),
    remove: (id: string, grant: string) =>
      del("/api/v1/users/{user_id}/grants/{grant_id}", { path: { user_id: id, grant_id: grant } }),
  },
  teams: {
    list: (id: string, signal: AbortSignal) =>
      get("/api/v1/teams/{team_id}/grants", { path: { team_id: id }, signal }),
    add: (id: string, grant: WantedGrant) =>
      post("/api/v1/teams/{team_id}/grants", { path: { team_id: id }, body: toWanted(grant) }),
    remove: (id: string, grant: string) =>
      del("/api/v1/teams/{team_id}/grants/{grant_id}", { path: { team_id: id, grant_id: grant } }),
  },
};

/** What a user or team holds: to be added to, and taken from. */
export function GrantList({ holder, id }: { holder: HolderKind; id: string }) {
  const calls = CALLS[holder];
  const query = useQuery({
    queryKey: ["settings", holder, id, "grants"],
    queryFn: ({ signal }) => calls.list(id, signal),
  });
  const [grant, setGrant] = useState<WantedGrant>();
  const add = useAction(
    ["settings"],
    (wanted: WantedGrant) => calls.add(id, wanted),
    ({ words }) => `Granted: ${words}`,
  );
  return (
    <QueryView query={query}>
      {({ items, inherited }) => (
        <>
          <ul className={styles.rows}>
            {items.map((held) => (
              <li key={held.id} className={styles.row}>
                <div className={styles.grow}>
                  {held.words}
                  {held.source && <span className={styles.quiet}> · by groups of {held.source}</span>}
                </div>
                <Removal holder={holder} id={id} grant={held.id} words={held.words} />
              </li>
            ))}
            {inherited.map((held) => (
              <li key={`${held.teamId} ${held.words}`} className={styles.row}>
                <div className={styles.grow}>
                  {held.words} <span className={styles.quiet}>· by the team {held.teamName}</span>
                </div>
              </li>
            ))}
            {items.length + inherited.length === 0 && <li className={styles.quiet}>Nothing yet.</li>}
          </ul>
          {grant === undefined ? (
            <div>
              <Button
                variant="default"
                size="compact-sm"
                leftSection={<IconPlus size={14} />}
                onClick={() => setGrant(NO_GRANT)}
              >
                Grant a role
              </Button>
            </div>
          ) : (
            <Form
              error={add.error}
              action="Grant"
              isPending={add.isPending}
              onCancel={() => setGrant(undefined)}
              onSubmit={() => add.mutate(grant, { onSuccess: () => setGrant(undefined) })}
            >
              <GrantForm value={grant} onChange={setGrant} />
            </Form>
          )}
        </>
      )}
    </QueryView>
  );
}

function Removal({
  holder,
  id,
  grant,
  words,
}: {
  holder: HolderKind;
  id: string;
  grant: string;
  words: string;
}) {
  const remove = useAction(
    ["settings"],
    () => CALLS[holder].remove(id, grant),
    () => `Taken back: ${words}`,
  );
  return (
    <ConfirmButton
      label="Take back"
      question={`Take back ${words}? It ends at once.`}
      error={remove.error}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate()}
    />
  );
}
