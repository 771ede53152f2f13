import { TextInput } from "@mantine/core";
import { useState } from "react";

import { patch } from "~/api";
import { useAction } from "~/app/action";
import { checkClusterName } from "~/components/clusterRules";
import { Form } from "~/components/Form";

import type { DialogProps } from "./ClusterDialogs";
import { keys } from "./queries";

/** Gives a cluster another name. */
export function RenameForm({ name, onDone, onRenamed }: DialogProps) {
  const [next, setNext] = useState(name);
  const fault = checkClusterName(next);
  const rename = useAction(
    keys.all,
    () => patch("/api/v1/clusters/{name}", { path: { name }, body: { name: next } }),
    () => `${name} is called ${next} from now on`,
  );
  return (
    <Form
      error={rename.error}
      action="Rename"
      disabled={fault !== undefined || next === name}
      isPending={rename.isPending}
      onCancel={onDone}
      onSubmit={() =>
        rename.mutate(undefined, {
          onSuccess: () => {
            onDone();
            onRenamed?.(next);
          },
        })
      }
    >
      <p>
        Its alerts end under the old name and begin anew under the new one when its agent has come back, which
        takes a moment. History stays under the old name. Tokens stay as they are.
      </p>
      <TextInput
        label="New name"
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
        error={fault}
        data-autofocus
        autoComplete="off"
        spellCheck={false}
      />
    </Form>
  );
}
