import { Button, Collapse, Radio, TagsInput, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";

import { ApiError, post } from "~/api";
import { checkClusterName, checkLabels, readLabels } from "~/components/clusterRules";
import { LabelsInput } from "~/components/LabelsInput";
import { Refusal } from "~/components/Refusal";

import styles from "./Onboarding.module.css";
import type { CreatedLink } from "./queries";
import { toInstallOptions, type Wishes } from "./wishes";

/** What was made, with what is shown only now. */
export interface Made {
  name: string;
  /** The cluster's first token; undefined for one that was there before. */
  token?: string;
  link?: CreatedLink;
  /** Why there is no link, in the hub's words, and what was wished for. */
  refused?: { error: ApiError; wishes: Wishes };
}

const NOTHING: Wishes = {
  mode: "light",
  namespace: "farwatch",
  watch: [],
  exclude: [],
  httpsProxy: "",
  noProxy: "",
};

/** The hub does not know its own address, or cannot render what a link delivers: there is a way without a link. */
const LINKLESS: ReadonlySet<number> = new Set([409, 503]);

/** Which cluster, and how its agent is to be installed. */
export function InstallForm({
  name: known,
  made,
  onMade,
}: {
  name: string | undefined;
  made: Made | undefined;
  onMade: (made: Made) => void;
}) {
  const [name, setName] = useState(known ?? "");
  const [touched, setTouched] = useState(false);
  const [labels, setLabels] = useState<string[]>([]);
  const [wishes, setWishes] = useState(NOTHING);
  const [isOpen, more] = useDisclosure(false);
  const wish = (change: Partial<Wishes>) => setWishes((before) => ({ ...before, ...change }));
  const nameFault = known === undefined ? checkClusterName(name) : undefined;
  const labelFault = checkLabels(labels);

  const make = useMutation({
    mutationFn: async (): Promise<Made> => {
      const target = known ?? name;
      let token = made?.name === target ? made.token : undefined;
      if (known === undefined) {
        const issued = await post("/api/v1/clusters", { body: { name, labels: readLabels(labels) } });
        token = issued.token;
        // From here on the cluster is there, whatever becomes of the link.
        onMade({ name, token });
      }
      try {
        const link = await post("/api/v1/clusters/{name}/install", {
          path: { name: target },
          body: toInstallOptions(wishes),
        });
        return { name: target, token, link };
      } catch (error) {
        if (!(error instanceof ApiError) || !LINKLESS.has(error.status)) throw error;
        return { name: target, token, refused: { error, wishes } };
      }
    },
    onSuccess: onMade,
  });

  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTouched(true);
    if (nameFault === undefined && labelFault === undefined) make.mutate();
  };
  return (
    <form className={styles.panel} onSubmit={onSubmit} noValidate>
      <Title order={2}>The cluster and its agent</Title>
      {known === undefined && (
        <div className={styles.fields}>
          <TextInput
            label="Name"
            description="What it is called here, and in the label cluster of its alerts"
            placeholder="prod-eu-1"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onBlur={() => setTouched(true)}
            error={(touched || name !== "") && nameFault}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
          <LabelsInput
            label="Labels"
            description="env, region, team: every alert of it carries them"
            value={labels}
            onChange={setLabels}
            error={labelFault}
          />
        </div>
      )}
      <Radio.Group
        label="Mode"
        value={wishes.mode}
        onChange={(mode) => wish({ mode: mode === "full" ? "full" : "light" })}
      >
        <div className={styles.modes}>
          <Radio.Card value="light" className={styles.mode} aria-label="Light">
            <Radio.Indicator />
            <span>
              <b>Light</b>
              <span>One small pod watches the cluster’s objects. Enough for alerts and history.</span>
            </span>
          </Radio.Card>
          <Radio.Card value="full" className={styles.mode} aria-label="Full">
            <Radio.Indicator />
            <span>
              <b>Full</b>
              <span>A pod on every node, one of which watches the objects as well.</span>
            </span>
          </Radio.Card>
        </div>
      </Radio.Group>
      <Button
        variant="subtle"
        className={styles.disclosure}
        rightSection={<IconChevronDown size={14} />}
        aria-expanded={isOpen}
        onClick={more.toggle}
      >
        Proxy and namespaces
      </Button>
      <Collapse expanded={isOpen}>
        <div className={styles.fields}>
          <TextInput
            label="HTTPS proxy"
            description="If the cluster reaches the hub through one"
            placeholder="http://proxy.example.com:3128"
            value={wishes.httpsProxy}
            onChange={(event) => wish({ httpsProxy: event.currentTarget.value })}
            spellCheck={false}
          />
          <TextInput
            label="No proxy for"
            description="Hosts and networks, with commas between"
            placeholder="10.0.0.0/8,.svc"
            value={wishes.noProxy}
            onChange={(event) => wish({ noProxy: event.currentTarget.value })}
            spellCheck={false}
          />
          <TagsInput
            label="Only these namespaces"
            description="All when empty"
            splitChars={[",", " "]}
            acceptValueOnBlur
            value={wishes.watch}
            onChange={(watch) => wish({ watch })}
          />
          <TagsInput
            label="Not these namespaces"
            splitChars={[",", " "]}
            acceptValueOnBlur
            value={wishes.exclude}
            onChange={(exclude) => wish({ exclude })}
          />
          <TextInput
            label="The agent’s own namespace"
            value={wishes.namespace}
            onChange={(event) => wish({ namespace: event.currentTarget.value })}
            spellCheck={false}
          />
        </div>
      </Collapse>
      <Refusal error={make.error} />
      <div>
        <Button type="submit" loading={make.isPending}>
          {known === undefined ? "Add the cluster" : made?.link ? "Make a new link" : "Make an install link"}
        </Button>
      </div>
    </form>
  );
}
