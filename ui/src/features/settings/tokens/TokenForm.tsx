import { MultiSelect, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useState } from "react";

import { post, type components } from "~/api";
import { fieldError, useAction } from "~/app/action";
import { useCan, useSession } from "~/app/session";
import { Form } from "~/components/Form";
import { ShownOnce } from "~/components/ShownOnce";

import { GrantForm, NO_GRANT, toWanted } from "../GrantForm";
import { keys } from "../queries";
import styles from "../Settings.module.css";

type Permission = components["schemas"]["Permission"];

const DAY_SECONDS = 86_400;
const LIFETIMES = [
  { value: "7", label: "in a week" },
  { value: "30", label: "in 30 days" },
  { value: "90", label: "in 90 days" },
  { value: "365", label: "in a year" },
  { value: "", label: "never" },
];

/** Makes a token, which is shown this once. */
export function TokenForm({ onDone }: { onDone: () => void }) {
  const { session } = useSession();
  const gate = useCan("tokens.manage");
  const [name, setName] = useState("");
  const [kind, setKind] = useState<"personal" | "service">("personal");
  const [grant, setGrant] = useState(NO_GRANT);
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState("90");
  const make = useAction(keys.tokens, () =>
    post("/api/v1/tokens", {
      body: {
        name,
        kind,
        ...(kind === "service" && { grants: [toWanted(grant)] }),
        ...(scopes.length > 0 && { scopes: scopes as Permission[] }),
        ...(days !== "" && {
          expiresAt: new Date(Date.now() + Number(days) * DAY_SECONDS * 1000).toISOString(),
        }),
      },
    }),
  );
  if (make.data !== undefined) {
    return (
      <ShownOnce secret={make.data.token} label="Token" onDone={onDone}>
        Keep it where you keep secrets. Send it as <code>Authorization: Bearer</code>.
      </ShownOnce>
    );
  }
  const permissions = [...new Set(session?.permissions.map(({ permission }) => permission))];
  return (
    <Form
      error={make.error}
      action="Make the token"
      disabled={name.trim() === ""}
      isPending={make.isPending}
      onCancel={onDone}
      onSubmit={() => make.mutate()}
    >
      <TextInput
        label="What it is for"
        placeholder="backup script"
        required
        maxLength={100}
        value={name}
        error={fieldError(make.error, "name")}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <div>
        <SegmentedControl
          aria-label="Whom it acts as"
          fullWidth
          value={kind}
          data={[
            { value: "personal", label: "Acts as you" },
            { value: "service", label: "Acts as itself", disabled: !gate.allowed },
          ]}
          onChange={setKind}
        />
        <p className={styles.hint}>
          {kind === "personal"
            ? "It never may do more than you, and rests when you are disabled."
            : "For machines: it outlives the people who made it."}
          {!gate.allowed && ` ${gate.reason}`}
        </p>
      </div>
      {kind === "service" && <GrantForm value={grant} onChange={setGrant} />}
      <MultiSelect
        label="Only these permissions"
        placeholder={scopes.length === 0 ? "everything it may" : undefined}
        searchable
        clearable
        data={permissions}
        value={scopes}
        error={fieldError(make.error, "scopes")}
        onChange={setScopes}
      />
      <Select
        label="It expires"
        data={LIFETIMES}
        value={days}
        allowDeselect={false}
        onChange={(value) => setDays(value ?? "90")}
      />
    </Form>
  );
}
