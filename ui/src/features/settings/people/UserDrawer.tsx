import { Button, Drawer, Title } from "@mantine/core";
import { useState } from "react";

import { del, patch, post } from "~/api";
import { useAction } from "~/app/action";
import { ConfirmButton } from "~/components/ConfirmButton";
import { FormLike } from "~/components/Form";
import { Refusal } from "~/components/Refusal";
import { ShownOnce } from "~/components/ShownOnce";

import { GrantList } from "../GrantList";
import { keys, type User } from "../queries";
import styles from "../Settings.module.css";

/** One person: what they hold, and what can be done about them. */
export function UserDrawer({ user, onClose }: { user: User | undefined; onClose: () => void }) {
  return (
    <Drawer
      opened={user !== undefined}
      onClose={onClose}
      position="right"
      size="md"
      title={user?.displayName || user?.name}
    >
      {user !== undefined && <Details key={user.id} user={user} onGone={onClose} />}
    </Drawer>
  );
}

function Details({ user, onGone }: { user: User; onGone: () => void }) {
  const path = { user_id: user.id };
  const [password, setPassword] = useState<string>();
  const change = useAction(
    keys.users,
    () => patch("/api/v1/users/{user_id}", { path, body: { disabled: !user.disabled } }),
    () => `${user.name} is ${user.disabled ? "enabled" : "disabled"}`,
  );
  const reset = useAction(keys.users, () => post("/api/v1/users/{user_id}/password", { path }));
  const end = useAction(
    keys.users,
    () => del("/api/v1/users/{user_id}/sessions", { path }),
    () => `${user.name} is signed out everywhere`,
  );
  const remove = useAction(
    keys.users,
    () => del("/api/v1/users/{user_id}", { path }),
    () => `${user.name} is gone`,
  );
  const error = change.error ?? reset.error ?? end.error;
  return (
    <FormLike>
      <p className={styles.quiet}>
        {[user.name, user.email, `${user.sessions} ${user.sessions === 1 ? "session" : "sessions"}`]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <Title order={2}>What they may do</Title>
      <GrantList holder="users" id={user.id} />
      <Title order={2}>Account</Title>
      <Refusal error={error} />
      {password !== undefined && (
        <ShownOnce secret={password} label="Temporary password">
          Give {user.name} this password. At the next sign-in it must be changed.
        </ShownOnce>
      )}
      <div className={styles.filters}>
        <Button variant="default" loading={change.isPending} onClick={() => change.mutate()}>
          {user.disabled ? "Enable" : "Disable"}
        </Button>
        {user.provider === "local" && (
          <Button
            variant="default"
            loading={reset.isPending}
            onClick={() =>
              reset.mutate(undefined, {
                onSuccess: ({ temporaryPassword }) => setPassword(temporaryPassword),
              })
            }
          >
            Reset password
          </Button>
        )}
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate()}>
          Sign out everywhere
        </Button>
        <ConfirmButton
          label="Delete"
          question={`Delete ${user.name} with their tokens and grants? What they did stays in the audit log.`}
          error={remove.error}
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(undefined, { onSuccess: onGone })}
        />
      </div>
    </FormLike>
  );
}
