import { Alert, Button, Modal, TextInput, Title, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconLock } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { ApiError, post, put } from "~/api";
import { useCan } from "~/app/session";
import { useView } from "~/app/view";
import { ActionButton, Page, QueryView, TimeAgo, UnsavedGuard } from "~/components";
import { CodeDiff, CodeInput, CodeView } from "~/components/CodeView";
import { Form, FormLike } from "~/components/Form";
import { Refusal } from "~/components/Refusal";

import { findPlace, suggest } from "./completion";
import { configurationRoute } from "./index";
import {
  comparisonQuery,
  configurationQuery,
  keys,
  schemaQuery,
  validationQuery,
  versionsQuery,
  type Configuration,
  type Version,
} from "./queries";
import styles from "./Rules.module.css";

const PAUSE_MILLISECONDS = 400;
const PERMISSION = "alerting.configure";

/** The alerting configuration: to be read, written, compared and rolled back. */
export function ConfigurationPage() {
  const query = useQuery(configurationQuery);
  return <QueryView query={query}>{(current) => <Editing current={current} />}</QueryView>;
}

function Editing({ current }: { current: Configuration }) {
  const gate = useCan(PERMISSION);
  const schema = useQuery(schemaQuery);
  // What is written stays when another configuration comes into force meanwhile: saving then says so.
  const [draft, setDraft] = useState<{ text: string; base: Configuration }>();
  const [isSaving, setSaving] = useState(false);
  const base = draft?.base ?? current;
  const text = draft?.text ?? current.text;
  const isChanged = draft !== undefined && draft.text !== base.text;
  const mayWrite = gate.allowed && current.locked === "";
  const [settled] = useDebouncedValue(text, PAUSE_MILLISECONDS);
  const validation = useQuery({
    ...validationQuery(settled),
    enabled: gate.allowed && isChanged,
    placeholderData: keepPreviousData,
  });
  const verdict = isChanged ? validation.data : undefined;
  const isChecked = verdict !== undefined && settled === text && !validation.isPlaceholderData;
  return (
    <Page
      title="Alerting configuration"
      aside={
        <span className={styles.quiet}>
          in force for <TimeAgo time={current.loadedAt} />
        </span>
      }
      actions={
        <>
          {isChanged && (
            <Button variant="default" onClick={() => setDraft(undefined)}>
              Discard
            </Button>
          )}
          <ActionButton
            permission={PERMISSION}
            disabled={!isChanged || !isChecked || !verdict.valid || current.locked !== ""}
            onClick={() => setSaving(true)}
          >
            Review and save
          </ActionButton>
        </>
      }
    >
      {current.locked !== "" && (
        <Alert
          color="gray"
          variant="light"
          icon={<IconLock size={16} />}
          mb={12}
          title="It is only read here"
        >
          {current.locked}
        </Alert>
      )}
      {current.error !== "" && (
        <Alert color="red" variant="light" mb={12} role="alert" title="The last reload failed">
          {current.error}
        </Alert>
      )}
      <div className={styles.editing}>
        {mayWrite ? (
          <CodeInput
            label="Alerting configuration"
            value={text}
            onChange={(next) => setDraft({ text: next, base })}
            problems={verdict?.problems ?? []}
            complete={(context) => {
              const place = findPlace(context.state.doc.toString(), context.pos);
              if (place === undefined || schema.data === undefined) return null;
              const options = suggest(schema.data, place);
              if (options.length === 0 || (place.word === "" && !context.explicit)) return null;
              return {
                from: place.from,
                options: options.map(({ label, detail, isName }) => ({
                  label,
                  apply: isName ? `${label}: ` : label,
                  type: isName ? "property" : "enum",
                  ...(detail && { info: detail }),
                })),
              };
            }}
          />
        ) : (
          <CodeView label="Alerting configuration" text={current.text} />
        )}
        <div className={styles.side}>
          {isChanged && (
            <section aria-labelledby="verdict">
              <Title order={2} id="verdict">
                What the hub says
              </Title>
              <div role="status">
                {verdict === undefined ? (
                  <span className={styles.quiet}>Looking at it …</span>
                ) : verdict.valid ? (
                  <span>It can be used.</span>
                ) : (
                  (verdict.problems ?? []).map(({ line, column, message }) => (
                    <span key={`${line}:${column} ${message}`} className={styles.problem}>
                      {line > 0 && `Line ${line}: `}
                      {message}
                    </span>
                  ))
                )}
                {verdict?.warnings?.map((warning) => (
                  <div key={warning} className={styles.quiet}>
                    {warning}
                  </div>
                ))}
                {validation.error !== null && (
                  <span className={styles.problem}>{validation.error.message}</span>
                )}
              </div>
            </section>
          )}
          <Versions isLocked={current.locked !== ""} digest={current.digest} />
        </div>
      </div>
      <Modal opened={isSaving} onClose={() => setSaving(false)} title="Save the configuration" size="xl">
        <SaveForm
          text={text}
          base={base}
          onDone={(isSaved) => {
            setSaving(false);
            if (isSaved) setDraft(undefined);
          }}
        />
      </Modal>
      <UnsavedGuard when={isChanged && !isSaving} what="The configuration as you wrote it" />
    </Page>
  );
}

/** Both ways to another configuration end alike: all that came of the former is read again. */
function useTakeOver(done: string) {
  const client = useQueryClient();
  return (configuration: Configuration) => {
    client.setQueryData(keys.configuration, configuration);
    void client.invalidateQueries({ queryKey: keys.all });
    notifications.show({ message: done, color: "green" });
  };
}

function SaveForm({
  text,
  base,
  onDone,
}: {
  text: string;
  base: Configuration;
  onDone: (isSaved: boolean) => void;
}) {
  const [note, setNote] = useState("");
  const takeOver = useTakeOver("The configuration is in force");
  const save = useMutation({
    mutationFn: () =>
      put("/api/v1/alerting/config", { body: { text, note }, headers: { "If-Match": `"${base.digest}"` } }),
    onSuccess: (configuration) => {
      takeOver(configuration);
      onDone(true);
    },
  });
  return (
    <Form
      error={save.error}
      action="Save"
      isPending={save.isPending}
      onCancel={() => onDone(false)}
      onSubmit={() => save.mutate()}
    >
      <CodeDiff before={base.text} after={text} label="What changes" />
      <TextInput
        label="Why"
        placeholder="What this changes, for those who look it up later"
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        data-autofocus
      />
      {save.error instanceof ApiError && save.error.status === 412 && (
        <Alert color="yellow" variant="light" title="Somebody else was faster">
          Keep a copy of what you wrote, discard it here, and make your change in what is in force now.
        </Alert>
      )}
    </Form>
  );
}

function Versions({ isLocked, digest }: { isLocked: boolean; digest: string }) {
  const [search, setSearch] = useView(configurationRoute);
  const query = useQuery(versionsQuery);
  return (
    <section aria-labelledby="versions">
      <Title order={2} id="versions">
        Versions
      </Title>
      <QueryView query={query}>
        {({ items }) => (
          <>
            <ul className={styles.plain}>
              {items.map((version) => (
                <li key={version.id}>
                  <UnstyledButton
                    className={styles.version}
                    onClick={() => setSearch({ version: version.id })}
                  >
                    <b>{version.note || describeCause(version)}</b>{" "}
                    {version.current === true && <span className={styles.taken}>in force</span>}
                    <div className={styles.quiet}>
                      {version.id} · {version.by || "nobody known"} · <TimeAgo time={version.time} />
                    </div>
                  </UnstyledButton>
                </li>
              ))}
              {items.length === 0 && <li className={styles.quiet}>None is kept yet.</li>}
            </ul>
            <VersionModal
              version={items.find(({ id }) => id === search.version)}
              isLocked={isLocked}
              digest={digest}
              onClose={() => setSearch({ version: undefined })}
            />
          </>
        )}
      </QueryView>
    </section>
  );
}

function VersionModal({
  version,
  ...rest
}: {
  version: Version | undefined;
  isLocked: boolean;
  digest: string;
  onClose: () => void;
}) {
  return (
    <Modal
      opened={version !== undefined}
      onClose={rest.onClose}
      title={version && `Version ${version.id}, beside what is in force`}
      size="xl"
    >
      {version !== undefined && <VersionDetails version={version} {...rest} />}
    </Modal>
  );
}

function VersionDetails({
  version,
  isLocked,
  digest,
  onClose,
}: {
  version: Version;
  isLocked: boolean;
  digest: string;
  onClose: () => void;
}) {
  const comparison = useQuery(comparisonQuery(version.id));
  const takeOver = useTakeOver(`Version ${version.id} is in force again`);
  const rollBack = useMutation({
    mutationFn: () =>
      post("/api/v1/alerting/config/rollback", {
        body: { version: version.id },
        headers: { "If-Match": `"${digest}"` },
      }),
    onSuccess: (configuration) => {
      takeOver(configuration);
      onClose();
    },
  });
  return (
    <FormLike>
      <p className={styles.quiet}>
        {describeCause(version)} by {version.by || "nobody known"}, <TimeAgo time={version.time} />
      </p>
      <QueryView query={comparison}>
        {({ before, after }) =>
          before === after ? (
            <p>It is the same as what is in force.</p>
          ) : (
            <CodeDiff before={before} after={after} label="What would change" />
          )
        }
      </QueryView>
      <Refusal error={rollBack.error} />
      {version.current !== true && !isLocked && (
        <div>
          <ActionButton
            permission={PERMISSION}
            loading={rollBack.isPending}
            onClick={() => rollBack.mutate()}
          >
            Roll back to this version
          </ActionButton>
        </div>
      )}
    </FormLike>
  );
}

const CAUSES: Record<Version["cause"], string> = {
  start: "Read at the start",
  signal: "Read again on a signal",
  "changed file": "Read again as the file had changed",
  reload: "Read again from the file",
  save: "Saved",
  "roll back": "Rolled back",
};

function describeCause({ cause, restored }: Version): string {
  return restored == null ? CAUSES[cause] : `Rolled back to version ${restored}`;
}
