import { Button, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { del, post } from "~/api";
import { Refusal } from "~/components/Refusal";

import { Logo } from "./Logo";
import { sessionQuery, useSession } from "./session";
import styles from "./SignIn.module.css";

/** For who signed in with a password that somebody else has chosen: the hub lets them do nothing else. */
export function ChoosePassword() {
  const client = useQueryClient();
  const { leave } = useSession();
  const [current, setCurrent] = useState("");
  const [chosen, setChosen] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && again !== chosen;
  const change = useMutation({
    mutationFn: () =>
      post("/api/v1/session/password", { body: { currentPassword: current, newPassword: chosen } }),
    onSuccess: () => client.invalidateQueries({ queryKey: sessionQuery.queryKey, exact: true }),
  });
  const signOut = useMutation({ mutationFn: () => del("/api/v1/session"), onSettled: leave });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (current !== "" && chosen !== "" && again === chosen) change.mutate();
  };
  return (
    <main className={styles.page}>
      <Paper className={styles.card} withBorder>
        <div className={styles.brand}>
          <Logo size={28} />
          <Title order={1}>Choose a password</Title>
        </div>
        <Text size="sm" c="dimmed" mb="md">
          Somebody else chose the one you signed in with. Choose your own to go on.
        </Text>
        <Refusal error={change.error} p="xs" mb="md" />
        <form onSubmit={submit}>
          <Stack gap="sm">
            <PasswordInput
              size="sm"
              label="The one you signed in with"
              autoComplete="current-password"
              autoFocus
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
            />
            <PasswordInput
              size="sm"
              label="Your own"
              description="At least 12 characters; several words make a good one"
              autoComplete="new-password"
              value={chosen}
              onChange={(event) => setChosen(event.currentTarget.value)}
            />
            <PasswordInput
              size="sm"
              label="Your own, again"
              autoComplete="new-password"
              value={again}
              error={differs ? "This is not the same" : undefined}
              onChange={(event) => setAgain(event.currentTarget.value)}
            />
            <Button type="submit" size="sm" loading={change.isPending} mt={4}>
              Go on
            </Button>
            <Button variant="subtle" color="gray" onClick={() => signOut.mutate()}>
              Sign out
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
