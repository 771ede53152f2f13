import { Alert, Anchor, Button, Divider, PasswordInput, Skeleton, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { ApiError, get, post } from "~/api";

import type { Session } from "./session";

/**
 * The ways to sign in that this hub offers.
 *
 * @param next where a provider is to lead back to
 * @param username who is to sign in again, filled in
 */
export function SignInForm({
  next,
  username = "",
  initialError,
  onSignedIn,
}: {
  next: string;
  username?: string;
  initialError?: string | undefined;
  onSignedIn: (session: Session) => void;
}) {
  const options = useQuery({
    queryKey: ["session", "options"],
    queryFn: ({ signal }) => get("/api/v1/session/options", { signal }),
  });
  const [name, setName] = useState(username);
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => post("/api/v1/session", { body: { username: name.trim(), password } }),
    onSuccess: onSignedIn,
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && password !== "") signIn.mutate();
  };
  const fault = signIn.error ? explain(signIn.error) : initialError;
  const providers = options.data?.providers ?? [];
  return (
    <Stack gap="md">
      {fault !== undefined && (
        <Alert color="red" variant="light" role="alert" p="xs">
          {fault}
        </Alert>
      )}
      {options.data?.password !== false && (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              size="sm"
              label="User name"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus={username === ""}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              required
              withAsterisk={false}
            />
            <PasswordInput
              size="sm"
              label="Password"
              autoComplete="current-password"
              data-autofocus={username !== "" || undefined}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              required
              withAsterisk={false}
            />
            <Button type="submit" size="sm" loading={signIn.isPending} mt={4}>
              Sign in
            </Button>
          </Stack>
        </form>
      )}
      {options.isPending && <Skeleton height={1} />}
      {providers.length > 0 && (
        <Stack gap="xs">
          {options.data?.password !== false && <Divider label="or" />}
          {providers.map((provider) => (
            <Button
              key={provider.id}
              component="a"
              href={`${provider.loginUrl}?next=${encodeURIComponent(next)}`}
              variant="default"
              size="sm"
            >
              Sign in with {provider.name}
            </Button>
          ))}
        </Stack>
      )}
      <Anchor size="xs" c="dimmed" href="/runbooks">
        Runbooks, without signing in
      </Anchor>
    </Stack>
  );
}

function explain(error: Error): string {
  return error instanceof ApiError && error.status >= 500
    ? "The hub could not check this now. Try again in a moment."
    : error.message;
}
