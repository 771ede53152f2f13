import { Select } from "@mantine/core";
import { useState } from "react";

import { post } from "~/api";
import { useAction } from "~/app/action";
import { Form } from "~/components/Form";
import { ShownOnce } from "~/components/ShownOnce";

import type { DialogProps } from "./ClusterDialogs";
import { keys } from "./queries";

const OVERLAPS = [
  { value: "0", label: "end at once: the agent is cut off until it has the new one" },
  { value: "3600", label: "stay valid for an hour" },
  { value: "86400", label: "stay valid for a day" },
  { value: "604800", label: "stay valid for a week" },
];

/** Makes a new agent token, which is shown this once. */
export function RotateForm({ name, onDone }: DialogProps) {
  const [overlap, setOverlap] = useState("86400");
  const rotate = useAction(keys.all, () =>
    post("/api/v1/clusters/{name}/tokens", { path: { name }, body: { overlapSeconds: Number(overlap) } }),
  );
  if (rotate.data !== undefined) {
    return (
      <ShownOnce secret={rotate.data.token} label="Token" onDone={onDone}>
        Put it into the agent’s Secret, <code>agentToken</code> of the chart. The agent takes it up by itself.
      </ShownOnce>
    );
  }
  return (
    <Form
      error={rotate.error}
      action="Make a new token"
      isPending={rotate.isPending}
      onCancel={onDone}
      onSubmit={() => rotate.mutate(undefined)}
    >
      <Select
        label="The tokens that are valid now"
        data={OVERLAPS}
        value={overlap}
        allowDeselect={false}
        onChange={(value) => setOverlap(value ?? "86400")}
        data-autofocus
      />
    </Form>
  );
}
