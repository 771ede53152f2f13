import { TextInput } from "@mantine/core";
import { useState } from "react";

import { post } from "~/api";
import { fieldError, useAction } from "~/app/action";
import { Form } from "~/components/Form";
import { ShownOnce } from "~/components/ShownOnce";

import { GrantForm, NO_GRANT, toWanted } from "../GrantForm";
import { keys } from "../queries";

/** Adds somebody with a first role; the temporary password is shown this once. */
export function NewUserForm({ onDone }: { onDone: (id?: string) => void }) {
  const [name, setName] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [email, setEmail] = useState("");
  const [grant, setGrant] = useState(NO_GRANT);
  const add = useAction(keys.users, async () => {
    const made = await post("/api/v1/users", { body: { name, displayName, email } });
    await post("/api/v1/users/{user_id}/grants", { path: { user_id: made.user.id }, body: toWanted(grant) });
    return made;
  });
  if (add.data !== undefined) {
    return (
      <ShownOnce
        secret={add.data.temporaryPassword ?? ""}
        label="Temporary password"
        onDone={() => onDone(add.data.user.id)}
      >
        Give {add.data.user.name} this password. At the first sign-in it must be changed.
      </ShownOnce>
    );
  }
  return (
    <Form
      error={add.error}
      action="Add"
      disabled={name.trim() === ""}
      isPending={add.isPending}
      onCancel={() => onDone()}
      onSubmit={() => add.mutate()}
    >
      <TextInput
        label="User name"
        description="What they sign in with."
        required
        autoComplete="off"
        value={name}
        error={fieldError(add.error, "name")}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="Name"
        value={displayName}
        error={fieldError(add.error, "displayName")}
        onChange={(event) => setDisplayName(event.currentTarget.value)}
      />
      <TextInput
        label="E-mail"
        type="email"
        value={email}
        error={fieldError(add.error, "email")}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <GrantForm value={grant} onChange={setGrant} />
    </Form>
  );
}
