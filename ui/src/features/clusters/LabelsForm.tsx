import { useState } from "react";

import { patch } from "~/api";
import { useAction } from "~/app/action";
import { checkLabels, compareLabels, readLabels, writeLabels } from "~/components/clusterRules";
import { LabelsInput } from "~/components/LabelsInput";
import { Form } from "~/components/Form";

import type { DialogProps } from "./ClusterDialogs";
import { keys } from "./queries";

/** Labels a cluster anew. */
export function LabelsForm({ name, labels, onDone }: DialogProps) {
  const [written, setWritten] = useState(() => writeLabels(labels));
  const fault = checkLabels(written);
  const changes = compareLabels(labels, readLabels(written));
  const save = useAction(
    keys.all,
    () => patch("/api/v1/clusters/{name}", { path: { name }, body: { labels: changes } }),
    () => `The labels of ${name} are changed`,
  );
  return (
    <Form
      error={save.error}
      action="Save labels"
      disabled={fault !== undefined || Object.keys(changes).length === 0}
      isPending={save.isPending}
      onCancel={onDone}
      onSubmit={() => save.mutate(undefined, { onSuccess: onDone })}
    >
      <LabelsInput
        label="Labels"
        description="Every alert of the cluster carries them; routes, silences and grants may choose by them."
        value={written}
        onChange={setWritten}
        error={fault}
        data-autofocus
      />
    </Form>
  );
}
