import { Button, PasswordInput, TextInput, Title } from "@mantine/core";
import { IconDeviceLaptop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { del, patch, post } from "~/api";
import { fieldError, useAction } from "~/app/action";
import { sessionQuery, useSession } from "~/app/session";
import { Page, QueryView, TimeAgo } from "~/components";
import { Foot, Form } from "~/components/Form";

import { describeGrant } from "../grants";
import { keys, sessionsQuery, type OwnSession } from "../queries";
import styles from "../Settings.module.css";

const LEAST_PASSWORD = 12;

/** What everybody may see and change of themselves. */
export function AccountPage() {
  const { session } = useSession();
  if (session === null) return null;
  const { user, grants } = session;
  return (
    <Page title="Your account" aside={<span className={styles.quiet}>{user.name}</span>}>
      <Profile key={user.id} />
      {user.provider === "local" && <Password />}
      <Sessions />
      <section className={styles.panel} aria-labelledby="grants">
        <Title order={2} id="grants">
          What you may do
        </Title>
        <ul>
          {grants.map((grant) => (
            <li key={describeGrant(grant)}>{describeGrant(grant)}</li>
          ))}
          {grants.length === 0 && <li>Nothing yet: an administrator can grant you a role.</li>}
        </ul>
      </section>
    </Page>
  );
}

function Profile() {
  const { session } = useSession();
  const [displayName, setDisplayName] = useState(session?.user.displayName ?? "");
  const [email, setEmail] = useState(session?.user.email ?? "");
  const save = useAction(
    sessionQuery.queryKey,
    () => patch("/api/v1/session", { body: { displayName, email } }),
    () => "Your account is changed",
  );
  const isChanged = displayName !== session?.user.displayName || email !== session.user.email;
  return (
    <section className={styles.panel} aria-labelledby="profile">
      <Title order={2} id="profile">
        Profile
      </Title>
      <Form
        error={save.error}
        action="Save"
        disabled={!isChanged}
        isPending={save.isPending}
        onSubmit={() => save.mutate()}
      >
        <TextInput
          label="Name as others see it"
          autoComplete="name"
          value={displayName}
          error={fieldError(save.error, "displayName")}
          onChange={(event) => setDisplayName(event.currentTarget.value)}
        />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="email"
          value={email}
          error={fieldError(save.error, "email")}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
      </Form>
    </section>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useAction(
    keys.sessions,
    () => post("/api/v1/session/password", { body: { currentPassword: current, newPassword: next } }),
    () => "Your password is changed; your other sessions are over",
  );
  const submit = () => {
    change.mutate(undefined, {
      onSuccess: () => {
        setCurrent("");
        setNext("");
      },
    });
  };
  const isShort = next !== "" && next.length < LEAST_PASSWORD;
  return (
    <section className={styles.panel} aria-labelledby="password">
      <Title order={2} id="password">
        Password
      </Title>
      <p className={styles.hint}>Changing it ends your sessions in other browsers.</p>
      <Form
        onSubmit={submit}
        error={change.error}
        action="Change password"
        disabled={current === "" || next.length < LEAST_PASSWORD}
        isPending={change.isPending}
      >
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          value={current}
          error={fieldError(change.error, "currentPassword")}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          autoComplete="new-password"
          description={`At least ${LEAST_PASSWORD} characters; a few words that only you put together are best.`}
          value={next}
          error={
            isShort
              ? `${LEAST_PASSWORD - next.length} more characters`
              : fieldError(change.error, "newPassword")
          }
          onChange={(event) => setNext(event.currentTarget.value)}
        />
      </Form>
    </section>
  );
}

function Sessions() {
  const query = useQuery(sessionsQuery);
  const endAll = useAction(
    keys.sessions,
    () => del("/api/v1/session/others"),
    () => "Your other sessions are over",
  );
  return (
    <section className={styles.panel} aria-labelledby="sessions">
      <Title order={2} id="sessions">
        Where you are signed in
      </Title>
      <QueryView query={query}>
        {({ items }) => (
          <>
            <ul className={styles.rows}>
              {items.map((each) => (
                <SessionRow key={each.id} session={each} />
              ))}
            </ul>
            {items.some((each) => !each.current) && (
              <Foot>
                <Button variant="default" loading={endAll.isPending} onClick={() => endAll.mutate()}>
                  Sign out everywhere else
                </Button>
              </Foot>
            )}
          </>
        )}
      </QueryView>
    </section>
  );
}

function SessionRow({ session }: { session: OwnSession }) {
  const end = useAction(
    keys.sessions,
    () => del("/api/v1/session/others/{session_id}", { path: { session_id: session.id } }),
    () => "That session is over",
  );
  return (
    <li className={styles.row}>
      <IconDeviceLaptop size={18} aria-hidden />
      <div className={styles.grow}>
        <div>{describeBrowser(session.userAgent)}</div>
        <div className={styles.quiet}>
          {session.address} · last seen <TimeAgo time={session.seenAt} />
        </div>
      </div>
      {session.current ? (
        <span className={styles.quiet}>this one</span>
      ) : (
        <Button variant="subtle" size="compact-sm" loading={end.isPending} onClick={() => end.mutate()}>
          Sign out
        </Button>
      )}
    </li>
  );
}

/** What a browser calls itself, as people call it. */
function describeBrowser(agent: string): string {
  const name = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent)?.[1];
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent)?.[1];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  return name === undefined
    ? agent || "Unknown browser"
    : [names[name] ?? name, system && `on ${system.replace("Mac OS X", "macOS")}`].filter(Boolean).join(" ");
}
