import styles from "./Alert.module.css";
import { Panel } from "./Panel";
import type { Explanation } from "./queries";
import { wasTold } from "./story";

/** Why people are told of the alert, or are not: what suppresses it, which routes it takes, how its groups stand. */
export function ExplanationPanel({
  explanation,
  startsAt,
}: {
  explanation: Explanation;
  /** When the present firing began: earlier notifications were of others. */
  startsAt: string;
}) {
  const { destinations, routes, words, notifications } = explanation;
  const isTold =
    destinations.some((destination) => wasTold(destination.tellings ?? [])) ||
    notifications.some(
      ({ outcome, time }) => outcome === "delivered" && Date.parse(time) >= Date.parse(startsAt),
    );
  return (
    <Panel title={isTold ? "Why people were paged" : "Why nobody was paged"}>
      <ul className={styles.words}>
        {words.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {destinations.map((destination) => (
        <div key={`${destination.route} ${destination.groupKey}`} className={styles.destination}>
          <b>{destination.receiver}</b>
          {destination.muted === true && <span className={styles.quiet}> muted now</span>}
          <ul className={styles.words}>
            {(destination.words ?? []).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
      ))}
      {routes.length > 0 && (
        <details className={styles.details}>
          <summary>Routes on its way ({routes.length})</summary>
          <ol className={styles.routes}>
            {routes.map((visit, place) => (
              <li
                key={`${place} ${visit.route}`}
                data-verdict={visit.verdict}
                style={{ paddingLeft: visit.depth * 12 }}
              >
                {visit.words}
              </li>
            ))}
          </ol>
        </details>
      )}
    </Panel>
  );
}
