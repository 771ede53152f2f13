import { Modal, TextInput } from "@mantine/core";
import { IconPlus, IconSearch, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useView } from "~/app/view";
import {
  ActionButton,
  DataTable,
  EmptyState,
  fixedRows,
  Page,
  QueryView,
  StatusBadge,
  TimeAgo,
  type Column,
} from "~/components";

import { describeGrant } from "../grants";
import { peopleRoute } from "../index";
import { usersQuery, type User } from "../queries";
import styles from "../Settings.module.css";
import { NewUserForm } from "./NewUserForm";
import { UserDrawer } from "./UserDrawer";

/** Everybody who may sign in, and what they may do. */
export function PeoplePage() {
  const [search, setSearch] = useView(peopleRoute);
  const query = useQuery(usersQuery);
  const [isAdding, setAdding] = useState(false);
  const words = (search.q ?? "").toLowerCase();
  return (
    <Page
      title="People"
      actions={
        <ActionButton
          permission="users.manage"
          leftSection={<IconPlus size={15} />}
          onClick={() => setAdding(true)}
        >
          Add somebody
        </ActionButton>
      }
    >
      <div className={styles.filters}>
        <TextInput
          data-search=""
          aria-label="Search people"
          placeholder="Search by name or e-mail"
          leftSection={<IconSearch size={14} />}
          w={260}
          value={search.q ?? ""}
          onChange={(event) => setSearch({ q: event.currentTarget.value || undefined }, { replace: true })}
        />
      </div>
      <QueryView query={query}>
        {({ items }) => (
          <>
            <DataTable
              label="People"
              rows={fixedRows(
                items.filter((user) =>
                  [user.name, user.displayName, user.email].some((text) =>
                    text.toLowerCase().includes(words),
                  ),
                ),
              )}
              columns={COLUMNS}
              rowKey={({ id }) => id}
              onOpen={({ id }) => setSearch({ user: id })}
              narrow={(user) => (
                <>
                  <b>{user.displayName || user.name}</b>
                  <br />
                  {user.grants.map(describeGrant).join("; ") || "no role yet"}
                </>
              )}
              empty={<EmptyState icon={IconUsers} title="Nobody fits" text="Search for less." />}
            />
            <UserDrawer
              user={items.find(({ id }) => id === search.user)}
              onClose={() => setSearch({ user: undefined })}
            />
          </>
        )}
      </QueryView>
      <Modal opened={isAdding} onClose={() => setAdding(false)} title="Add somebody">
        <NewUserForm
          onDone={(id) => {
            setAdding(false);
            if (id !== undefined) setSearch({ user: id });
          }}
        />
      </Modal>
    </Page>
  );
}

const COLUMNS: readonly Column<User>[] = [
  { id: "name", title: "User name", cell: ({ name }) => <b>{name}</b> },
  { id: "displayName", title: "Name", cell: ({ displayName }) => displayName },
  {
    id: "grants",
    title: "May",
    cell: ({ grants }) => grants.map(describeGrant).join("; ") || "nothing yet",
    width: { share: 2 },
  },
  {
    id: "state",
    title: "State",
    cell: (user) => {
      if (user.disabled) return <StatusBadge level="done" word="disabled" />;
      if (user.mustChangePassword) return <StatusBadge level="warn" word="temporary password" />;
      return <StatusBadge level="ok" word={user.provider === "local" ? "active" : `by ${user.provider}`} />;
    },
  },
  {
    id: "login",
    title: "Last signed in",
    cell: ({ lastLoginAt }) => (lastLoginAt === null ? "never" : <TimeAgo time={lastLoginAt} />),
    from: 800,
  },
];
