import { TextInput } from "@mantine/core";
import { useState } from "react";

import { del } from "~/api";
import { useAction } from "~/app/action";
import { Form } from "~/components/Form";

import type { DialogProps } from "./ClusterDialogs";
import { keys } from "./queries";

/** Removes a cluster, once its name was typed. */
export function RemoveForm({ name, onDone, onRemoved }: DialogProps) {
  const [typed, setTyped] = useState("");
  const remove = useAction(
    keys.all,
    () => del("/api/v1/clusters/{name}", { path: { name } }),
    () => `${name} is removed`,
  );
  return (
    <Form
      error={remove.error}
      action="Remove the cluster"
      danger
      disabled={typed !== name}
      isPending={remove.isPending}
      onCancel={onDone}
      onSubmit={() =>
        remove.mutate(undefined, {
          onSuccess: () => {
            onDone();
            onRemoved?.();
          },
        })
      }
    >
      <p>
        Its tokens become worthless, its link closes, its alerts resolve, and its objects are forgotten. The
        history of its changes stays until its time is over. The agent stays in the cluster until you
        uninstall it there. This cannot be undone.
      </p>
      <TextInput
        label={
          <>
            Type <code>{name}</code> to confirm
          </>
        }
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        data-autofocus
        autoComplete="off"
        spellCheck={false}
      />
    </Form>
  );
}
