import { useQuery } from "@tanstack/react-query";

import styles from "./Alert.module.css";
import { Panel } from "./Panel";
import { runbookQuery, type Alert, type Runbook } from "./queries";
import { leadsTo, readRunbookName } from "./runbook";

/** What the alert means and what to do, if its runbook is one of the hub's; every other stays a link. */
export function RunbookPanel({ alert }: { alert: Alert }) {
  const link = alert.annotations.runbook_url ?? "";
  const name = readRunbookName(link);
  const { data: runbook } = useQuery({ ...runbookQuery(name ?? ""), enabled: name !== undefined });
  if (runbook === undefined || !leadsTo(link, runbook, window.location.origin)) return null;
  return (
    <Panel
      title="Runbook"
      aside={
        <a href={`/runbooks/${runbook.name}`} target="_blank" rel="noreferrer">
          open it alone
        </a>
      }
    >
      <div className={styles.runbook}>
        <p>{runbook.meaning}</p>
        {runbook.paragraphs.map((pieces, place) => (
          <p key={place}>
            {pieces.map((piece, at) => (
              <PieceOfText key={at} piece={piece} />
            ))}
          </p>
        ))}
        <p className={styles.quiet}>
          {runbook.facts.map(({ name: fact, value }) => `${fact}: ${value}`).join(" · ")}
        </p>
      </div>
    </Panel>
  );
}

function PieceOfText({ piece: { text, kind } }: { piece: Runbook["paragraphs"][number][number] }) {
  switch (kind) {
    case "code":
      return <code>{text}</code>;
    case "strong":
      return <b>{text}</b>;
    case "runbook":
      return (
        <a href={`/runbooks/${text}`} target="_blank" rel="noreferrer">
          {text}
        </a>
      );
    default:
      return text;
  }
}
