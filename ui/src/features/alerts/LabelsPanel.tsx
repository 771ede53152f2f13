import { Link } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { formatMatcher, rankLabel } from "~/components/matchers";

import styles from "./Alert.module.css";
import { Panel } from "./Panel";
import type { Alert } from "./queries";
import { toLink } from "./subject";

const TOLD_ABOVE = new Set(["summary", "description", "message", "runbook_url"]);

/** The labels, each leading to all alerts that have it; and what other annotations say. */
export function LabelsPanel({ alert }: { alert: Alert }) {
  const labels = Object.entries(alert.labels).toSorted(
    ([one], [other]) => rankLabel(one) - rankLabel(other) || one.localeCompare(other),
  );
  const annotations = Object.entries(alert.annotations).filter(([name]) => !TOLD_ABOVE.has(name));
  return (
    <>
      <Panel title="Labels">
        <dl className={styles.labels}>
          {labels.map(([name, value]) => (
            <Pair key={name} name={name}>
              <Link
                to={paths.alerts()}
                search={{ filter: [formatMatcher({ name, operator: "=", value })] }}
                title="All alerts with this label"
              >
                {value}
              </Link>
            </Pair>
          ))}
        </dl>
      </Panel>
      {annotations.length > 0 && (
        <Panel title="Annotations">
          <dl className={styles.labels}>
            {annotations.map(([name, value]) => {
              const link = toLink(value);
              return (
                <Pair key={name} name={name}>
                  {link === undefined ? (
                    value
                  ) : (
                    <a href={link} target="_blank" rel="noreferrer">
                      {value}
                    </a>
                  )}
                </Pair>
              );
            })}
          </dl>
        </Panel>
      )}
    </>
  );
}

function Pair({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
