import { Alert, Checkbox, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { ApiError } from "~/api";
import { CommandBlock } from "~/components/CommandBlock";
import { Refusal } from "~/components/Refusal";

import { guessHubUrl } from "./hubUrl";
import styles from "./Onboarding.module.css";
import { helmQuery } from "./queries";
import { TokenStep } from "./TokenStep";
import { toInstallOptions, type Wishes } from "./wishes";

const PAUSE_MS = 300;

/** The way without an install link: the cluster's own token, and Helm. */
export function ByHandPanel({
  name,
  token,
  wishes,
  error,
}: {
  name: string;
  token: string | undefined;
  wishes: Wishes;
  /** Why there is no link, in the hub's words. */
  error: ApiError;
}) {
  const [hubUrl, setHubUrl] = useState(() => guessHubUrl(window.location));
  const [isTrusted, setTrusted] = useState(false);
  const isPlain = hubUrl.trim().startsWith("http://");
  const [wanted] = useDebouncedValue(
    {
      ...toInstallOptions(wishes),
      hubUrl: hubUrl.trim(),
      ...(isPlain && isTrusted ? { values: { hub: { allowInsecure: true } } } : {}),
    },
    PAUSE_MS,
  );
  const helm = useQuery({
    ...helmQuery(name, wanted),
    enabled: wanted.hubUrl !== "",
    placeholderData: keepPreviousData,
  });
  return (
    <section className={styles.panel} aria-label="Install">
      <Title order={2}>Install it in the cluster</Title>
      <Alert color="blue" variant="light" title="There is no one-line install now">
        <p>No link was made: {error.message}.</p>
        {error.status === 409 && (
          <p>
            In the values of the hub’s chart that is <code>externalUrl</code>. Then{" "}
            <b>Make an install link</b> above gives one line to paste.
          </p>
        )}
        <p>Until then Helm installs the same, with the cluster’s own token.</p>
      </Alert>
      <TokenStep token={token} />
      <TextInput
        label="The hub’s address, as the cluster reaches it"
        placeholder="https://hub.example.com"
        value={hubUrl}
        onChange={(event) => setHubUrl(event.currentTarget.value)}
        spellCheck={false}
        autoComplete="off"
      />
      {isPlain && (
        <Checkbox
          label="Without TLS: nobody else listens on the network between"
          checked={isTrusted}
          onChange={(event) => setTrusted(event.currentTarget.checked)}
        />
      )}
      {wanted.hubUrl === "" ? (
        <p className={styles.quiet}>Say it, and the command shows here.</p>
      ) : (
        <>
          <Refusal error={helm.error} />
          {helm.data && helm.error === null && (
            <CommandBlock text={helm.data.helmCommand} label="Helm command" />
          )}
        </>
      )}
    </section>
  );
}
