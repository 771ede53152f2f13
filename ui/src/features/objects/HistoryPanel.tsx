import { useQuery } from "@tanstack/react-query";

import { EmptyState, QueryView, TimeAgo } from "~/components";

import { FieldChanges } from "./FieldChanges";
import styles from "./History.module.css";
import { historyQuery, type ObjectPlace } from "./queries";

/** What happened to an object, the newest first. */
export function HistoryPanel({ place }: { place: ObjectPlace }) {
  const history = useQuery(historyQuery(place));
  return (
    <QueryView query={history}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState
            title="No history is kept"
            text="It last changed before the log of changes reaches back, or before its cluster was added."
          />
        ) : (
          <ol className={styles.versions}>
            {items.map((change) => (
              <li key={change.sequence}>
                <div className={styles.versionHead}>
                  <b>{change.operation}</b> <TimeAgo time={change.time} />
                </div>
                <FieldChanges fields={change.fields ?? []} />
              </li>
            ))}
          </ol>
        )
      }
    </QueryView>
  );
}
