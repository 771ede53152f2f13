import { Button, Drawer, Modal, Select, Textarea, TextInput, Title } from "@mantine/core";
import { IconPlus, IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { del, post, put } from "~/api";
import { fieldError, useAction } from "~/app/action";
import { useView } from "~/app/view";
import { ActionButton, DataTable, EmptyState, fixedRows, Page, QueryView, type Column } from "~/components";
import { ConfirmButton } from "~/components/ConfirmButton";
import { Foot, Form, FormLike } from "~/components/Form";
import { Refusal } from "~/components/Refusal";

import { GrantList } from "../GrantList";
import { teamsRoute } from "../index";
import { keys, teamsQuery, usersQuery, type Team } from "../queries";
import styles from "../Settings.module.css";

/** Teams: people who hold the same. */
export function TeamsPage() {
  const [search, setSearch] = useView(teamsRoute);
  const query = useQuery(teamsQuery);
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title="Teams"
      actions={
        <ActionButton
          permission="users.manage"
          leftSection={<IconPlus size={15} />}
          onClick={() => setAdding(true)}
        >
          New team
        </ActionButton>
      }
    >
      <QueryView query={query}>
        {({ items }) => (
          <>
            <DataTable
              label="Teams"
              rows={fixedRows(items)}
              columns={COLUMNS}
              rowKey={({ id }) => id}
              onOpen={({ id }) => setSearch({ team: id })}
              narrow={(team) => (
                <>
                  <b>{team.name}</b>
                  <br />
                  {team.members.length} people
                </>
              )}
              empty={
                <EmptyState
                  icon={IconUsersGroup}
                  title="No teams yet"
                  text="What is granted to a team, everybody in it holds."
                />
              }
            />
            <TeamDrawer
              team={items.find(({ id }) => id === search.team)}
              onClose={() => setSearch({ team: undefined })}
            />
          </>
        )}
      </QueryView>
      <Modal opened={isAdding} onClose={() => setAdding(false)} title="New team">
        <NewTeamForm
          onDone={(id) => {
            setAdding(false);
            if (id !== undefined) setSearch({ team: id });
          }}
        />
      </Modal>
    </Page>
  );
}

const COLUMNS: readonly Column<Team>[] = [
  { id: "name", title: "Team", cell: ({ name }) => <b>{name}</b> },
  { id: "description", title: "What it is", cell: ({ description }) => description, width: { share: 2 } },
  {
    id: "members",
    title: "People",
    cell: ({ members }) => members.length,
    align: "end",
    width: { pixels: 80 },
  },
  {
    id: "grants",
    title: "May",
    cell: ({ grants }) => grants.map(({ words }) => words).join("; ") || "nothing yet",
    width: { share: 2 },
    from: 700,
  },
];

function NewTeamForm({ onDone }: { onDone: (id?: string) => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const add = useAction(
    keys.teams,
    () => post("/api/v1/teams", { body: { name, description } }),
    (team) => `The team ${team.name} is made`,
  );
  return (
    <Form
      error={add.error}
      action="Make the team"
      disabled={name.trim() === ""}
      isPending={add.isPending}
      onCancel={() => onDone()}
      onSubmit={() => add.mutate(undefined, { onSuccess: ({ id }) => onDone(id) })}
    >
      <TextInput
        label="Name"
        required
        value={name}
        error={fieldError(add.error, "name")}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Textarea
        label="What it is"
        autosize
        value={description}
        error={fieldError(add.error, "description")}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </Form>
  );
}

function TeamDrawer({ team, onClose }: { team: Team | undefined; onClose: () => void }) {
  return (
    <Drawer opened={team !== undefined} onClose={onClose} position="right" size="md" title={team?.name}>
      {team !== undefined && <Details key={team.id} team={team} onGone={onClose} />}
    </Drawer>
  );
}

function Details({ team, onGone }: { team: Team; onGone: () => void }) {
  const users = useQuery(usersQuery);
  const path = { team_id: team.id };
  const add = useAction(keys.teams, (user: string) =>
    put("/api/v1/teams/{team_id}/members/{user_id}", { path: { ...path, user_id: user } }),
  );
  const leave = useAction(keys.teams, (user: string) =>
    del("/api/v1/teams/{team_id}/members/{user_id}", { path: { ...path, user_id: user } }),
  );
  const remove = useAction(
    keys.teams,
    () => del("/api/v1/teams/{team_id}", { path }),
    () => `The team ${team.name} is gone`,
  );
  const error = add.error ?? leave.error;
  const members = new Set(team.members.map(({ id }) => id));
  const others = (users.data?.items ?? []).filter(({ id }) => !members.has(id));
  return (
    <FormLike>
      {team.description !== "" && <p className={styles.quiet}>{team.description}</p>}
      <Title order={2}>What everybody in it may do</Title>
      <GrantList holder="teams" id={team.id} />
      <Title order={2}>People</Title>
      <Refusal error={error} />
      <ul className={styles.rows}>
        {team.members.map((member) => (
          <li key={member.id} className={styles.row}>
            <span className={styles.grow}>
              {member.displayName || member.name}
              {member.disabled && <span className={styles.quiet}> · disabled</span>}
            </span>
            <Button
              variant="subtle"
              size="compact-sm"
              aria-label={`Take ${member.name} out of the team`}
              onClick={() => leave.mutate(member.id)}
            >
              Take out
            </Button>
          </li>
        ))}
      </ul>
      <Select
        aria-label="Add somebody"
        placeholder="Add somebody"
        searchable
        value={null}
        data={others.map(({ id, name }) => ({ value: id, label: name }))}
        nothingFoundMessage="Nobody else"
        onChange={(id) => {
          if (id !== null) add.mutate(id);
        }}
      />
      <Foot>
        <ConfirmButton
          label="Delete the team"
          question={`Delete ${team.name}? Its people lose what they held through it.`}
          error={remove.error}
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(undefined, { onSuccess: onGone })}
        />
      </Foot>
    </FormLike>
  );
}
