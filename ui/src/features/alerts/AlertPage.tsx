import { Button } from "@mantine/core";
import { IconBook2, IconChevronLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useRouter, type RouterHistory } from "@tanstack/react-router";

import { usePageKeys } from "~/app/pageKeys";
import { paths } from "~/app/paths";
import { usePathParams } from "~/app/view";
import { ActionButton, Page, QueryView, SeverityBadge, TimeAgo } from "~/components";
import { KeyMark } from "~/components/KeyMark";

import { alertRoute } from ".";
import styles from "./Alert.module.css";
import { useAlertActions, type ActionKind } from "./AlertActions";
import { AlertMarks } from "./AlertMarks";
import { Events, Gaps, Logs } from "./EvidencePanels";
import { ExplanationPanel } from "./ExplanationPanel";
import { LabelsPanel } from "./LabelsPanel";
import { LikelyCause } from "./LikelyCause";
import { Panel } from "./Panel";
import { alertQuery, evidenceQuery, explainQuery, transitionsQuery, type Alert } from "./queries";
import { RelatedPanel } from "./RelatedPanel";
import { RunbookPanel } from "./RunbookPanel";
import { Story } from "./Story";
import { countFirings, findCause, tellStory } from "./story";
import { readName, readSubject, readSummary, subjectPath, toLink } from "./subject";

/** One alert: what it says, what brought it about, who was told and why. */
export function AlertPage() {
  const { fingerprint } = usePathParams(alertRoute);
  const alert = useQuery(alertQuery(fingerprint));
  return (
    <>
      <Button
        component={Link}
        to={paths.alerts()}
        variant="subtle"
        size="compact-xs"
        leftSection={<IconChevronLeft size={13} />}
        mb={4}
        ml={-6}
      >
        Alerts
      </Button>
      <QueryView query={alert}>{(found) => <OneAlert key={found.fingerprint} alert={found} />}</QueryView>
    </>
  );
}

function OneAlert({ alert }: { alert: Alert }) {
  const actions = useAlertActions();
  const history = useRouter().history as RouterHistory;
  const isFiring = alert.status === "firing";
  const open = (kind: ActionKind) => actions.open(kind, [alert]);
  const toggle: ActionKind = alert.acknowledgement ? "take back" : "acknowledge";
  usePageKeys({
    ...(isFiring ? { a: () => open(toggle), z: () => open("snooze") } : {}),
    s: () => open("silence"),
    Escape: () => history.back(),
  });
  return (
    <Page
      title={readName(alert.labels)}
      aside={
        <>
          <SeverityBadge severity={alert.labels.severity} />
          <AlertMarks alert={alert} />
        </>
      }
      actions={<Actions alert={alert} toggle={toggle} onAct={open} />}
    >
      <Summary alert={alert} />
      <Panels alert={alert} />
      {actions.dialogs}
    </Page>
  );
}

function Actions({
  alert,
  toggle,
  onAct,
}: {
  alert: Alert;
  toggle: ActionKind;
  onAct: (kind: ActionKind) => void;
}) {
  const { cluster, namespace } = alert.labels;
  const runbook = toLink(alert.annotations.runbook_url);
  const isFiring = alert.status === "firing";
  return (
    <>
      {runbook !== undefined && (
        <Button
          component="a"
          href={runbook}
          target="_blank"
          rel="noreferrer"
          variant="default"
          leftSection={<IconBook2 size={14} />}
        >
          Runbook
        </Button>
      )}
      {isFiring && (
        <ActionButton
          permission="alerts.write"
          resource={{ cluster, namespace }}
          variant={toggle === "acknowledge" ? "filled" : "default"}
          onClick={() => onAct(toggle)}
        >
          {toggle === "acknowledge" ? "Acknowledge" : "Take back"}
          <KeyMark name="a" />
        </ActionButton>
      )}
      <ActionButton
        permission="silences.write"
        resource={{ cluster, namespace }}
        variant="default"
        onClick={() => onAct("silence")}
      >
        Silence
        <KeyMark name="s" />
      </ActionButton>
      {isFiring && (
        <ActionButton
          permission="alerts.write"
          resource={{ cluster, namespace }}
          variant="default"
          onClick={() => onAct("snooze")}
        >
          Snooze
          <KeyMark name="z" />
        </ActionButton>
      )}
    </>
  );
}

function Summary({ alert }: { alert: Alert }) {
  const subject = readSubject(alert.labels);
  const path = subjectPath(subject);
  const summary = readSummary(alert);
  const { description } = alert.annotations;
  const name = subject.namespace === "" ? subject.name : `${subject.namespace}/${subject.name}`;
  const { data } = useQuery(transitionsQuery(alert.fingerprint));
  const firings = countFirings(data?.items ?? []);
  return (
    <div className={styles.summary}>
      {summary !== "" && <p>{summary}</p>}
      {description !== undefined && description !== summary && <p className={styles.quiet}>{description}</p>}
      <div className={styles.facts}>
        <span>
          {alert.status === "firing" ? "firing since " : "began "}
          <TimeAgo time={alert.startsAt} style="exact" />
        </span>
        {alert.endsAt && (
          <span>
            resolved <TimeAgo time={alert.endsAt} />
          </span>
        )}
        {path !== undefined && (
          <span>
            {subject.kind} <Link to={path}>{name}</Link>
            {subject.kind !== "Cluster" && (
              <>
                {" "}
                in <Link to={paths.cluster(subject.cluster)}>{subject.cluster}</Link>
              </>
            )}
          </span>
        )}
        {firings > 1 && <span>fired {firings} times in 14 days</span>}
      </div>
    </div>
  );
}

function Panels({ alert }: { alert: Alert }) {
  const { fingerprint, labels } = alert;
  const evidence = useQuery({ ...evidenceQuery(fingerprint), enabled: alert.evidence });
  const explained = useQuery(explainQuery(fingerprint));
  const transitions = useQuery(transitionsQuery(fingerprint));
  const cause = findCause(evidence.data);
  const steps = tellStory(
    alert,
    evidence.data,
    transitions.data?.items ?? [],
    explained.data?.notifications ?? [],
  );
  return (
    <div className={styles.page}>
      <div className={styles.column}>
        {cause !== undefined && <LikelyCause alert={alert} change={cause} />}
        {alert.evidence && evidence.isPending && (
          <Panel title="Likely cause">
            <p className={styles.quiet}>Reading what was gathered …</p>
          </Panel>
        )}
        <RunbookPanel alert={alert} />
        <Logs logs={evidence.data?.logs ?? []} />
        <Story cluster={labels.cluster ?? ""} steps={steps} />
        <Events events={evidence.data?.events ?? []} />
        <Gaps missing={evidence.data?.missing ?? []} />
      </div>
      <div className={styles.column}>
        {explained.data === undefined ? (
          <Panel title="Why people were paged">
            <p className={styles.quiet}>{explained.error?.message ?? "Asking the hub …"}</p>
          </Panel>
        ) : (
          <ExplanationPanel explanation={explained.data} startsAt={alert.startsAt} />
        )}
        <RelatedPanel alert={alert} />
        <LabelsPanel alert={alert} />
      </div>
    </div>
  );
}
