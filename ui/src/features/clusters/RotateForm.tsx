import { Alert, Button, Select } from "@mantine/core";
import { useState } from "react";

import { post } from "~/api";
import { useAction } from "~/app/action";
import { CommandBlock } from "~/components/CommandBlock";
import { FormFoot } from "~/components/FormFoot";

import type { DialogProps } from "./ClusterDialogs";
import { keys } from "./queries";
import styles from "./Clusters.module.css";

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
      <div className={styles.form}>
        <Alert color="yellow" variant="light">
          <b>This is the only time it is shown.</b> Put it into the agent’s Secret, <code>agentToken</code> of
          the chart. The agent takes it up by itself.
        </Alert>
        <CommandBlock text={rotate.data.token} label="Token" />
        <div className={styles.foot}>
          <Button onClick={onDone}>I have kept it</Button>
        </div>
      </div>
    );
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        rotate.mutate(undefined);
      }}
    >
      <Select
        label="The tokens that are valid now"
        data={OVERLAPS}
        value={overlap}
        allowDeselect={false}
        onChange={(value) => setOverlap(value ?? "86400")}
        data-autofocus
      />
      <FormFoot
        error={rotate.error}
        action="Make a new token"
        isPending={rotate.isPending}
        onCancel={onDone}
      />
    </form>
  );
}
