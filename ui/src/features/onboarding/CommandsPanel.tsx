import { Alert, Button, Tabs, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { QueryView, TimeAgo } from "~/components";
import { CodeView } from "~/components/CodeView";
import { CommandBlock } from "~/components/CommandBlock";

import styles from "./Onboarding.module.css";
import { previewQuery, type CreatedLink } from "./queries";
import { TokenStep } from "./TokenStep";

/** What is to be run in the cluster; the link and the token are shown this once. */
export function CommandsPanel({ link, token }: { link: CreatedLink; token: string | undefined }) {
  const [isPreview, setPreview] = useState(false);
  return (
    <section className={styles.panel} aria-label="Install">
      <Title order={2}>Install it in the cluster</Title>
      <Alert color="yellow" variant="light">
        Shown this once: the link works once, and ends unused <TimeAgo time={link.expiresAt} />.
      </Alert>
      <Tabs defaultValue="line">
        <Tabs.List mb="sm">
          <Tabs.Tab value="line">One line</Tabs.Tab>
          <Tabs.Tab value="checked">With a checksum</Tabs.Tab>
          <Tabs.Tab value="helm">Helm</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="line">
          <CommandBlock text={link.command} label="Command" />
        </Tabs.Panel>
        <Tabs.Panel value="checked">
          <p className={styles.quiet}>Applies nothing but what you see in the preview.</p>
          <CommandBlock text={link.checkedCommand} label="Command" />
        </Tabs.Panel>
        <Tabs.Panel value="helm" className={styles.stack}>
          <TokenStep token={token} />
          <CommandBlock text={link.helmCommand} label="Helm command" />
        </Tabs.Panel>
      </Tabs>
      <dl className={styles.checksum}>
        <dt>SHA-256</dt>
        <dd>
          <code>{link.sha256}</code>
        </dd>
      </dl>
      <div>
        <Button variant="default" aria-expanded={isPreview} onClick={() => setPreview(!isPreview)}>
          {isPreview ? "Hide the manifest" : "Show the manifest"}
        </Button>
      </div>
      {isPreview && <Preview link={link} />}
    </section>
  );
}

function Preview({ link }: { link: CreatedLink }) {
  const preview = useQuery(previewQuery(link.cluster, link.id));
  return <QueryView query={preview}>{(text) => <CodeView text={text} label="Manifest" />}</QueryView>;
}
