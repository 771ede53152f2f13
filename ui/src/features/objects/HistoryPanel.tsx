import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { EmptyState, QueryView, StatusBadge, TimeAgo } from "~/components";

import { DiffPanel } from "./DiffPanel";
import { FieldChanges } from "./FieldChanges";
import styles from "./History.module.css";
import { historyQuery, type ObjectPlace, type Version } from "./queries";
import { chooseTimes, comparisonOf, type Times } from "./versions";

const WORDS = { created: "Created", updated: "Changed", deleted: "Deleted" } as const;

export interface HistorySearch extends Times {
  at?: string;
}

/** What an object went through, the newest first; any two versions can be held against each other. */
export function HistoryPanel({
  place,
  search,
  onSearch,
}: {
  place: ObjectPlace;
  search: HistorySearch;
  onSearch: (change: Partial<HistorySearch>) => void;
}) {
  const history = useQuery(historyQuery(place));
  const { from, to } = search;
  return (
    <QueryView query={history}>
      {({ items, knownSince, before }) =>
        items.length === 0 ? (
          <EmptyState
            title="No history is kept"
            text="It last changed before the log of changes reaches back, or before its cluster was added."
          />
        ) : (
          <>
            <p className={styles.hint}>
              Choose two versions to compare them, or go to the cluster as it was at one.
              {knownSince && (
                <>
                  {" "}
                  Everything is known since <TimeAgo time={knownSince} style="exact" />.
                </>
              )}
            </p>
            {from !== undefined && (
              <DiffPanel
                place={place}
                from={from}
                to={to}
                onClose={() => onSearch({ from: undefined, to: undefined })}
              />
            )}
            <ol className={styles.versions}>
              {items.map((version, index) => (
                <VersionItem
                  key={version.sequence}
                  version={version}
                  isChosen={version.time === from || version.time === to}
                  isAt={version.time === search.at}
                  onChoose={() => onSearch(chooseTimes({ from, to }, version.time))}
                  onCompare={() => onSearch(comparisonOf(version, items[index + 1]))}
                  onTravel={() => onSearch({ at: version.time })}
                />
              ))}
            </ol>
            {typeof before === "number" && (
              <p className={styles.hint}>Older versions are kept, and not listed.</p>
            )}
          </>
        )
      }
    </QueryView>
  );
}

function VersionItem({
  version,
  isChosen,
  isAt,
  onChoose,
  onCompare,
  onTravel,
}: {
  version: Version;
  isChosen: boolean;
  isAt: boolean;
  onChoose: () => void;
  onCompare: () => void;
  onTravel: () => void;
}) {
  return (
    <li data-chosen={isChosen || undefined} data-at={isAt || undefined}>
      <div className={styles.versionHead}>
        <input
          type="checkbox"
          aria-label={`Compare the version of ${version.time}`}
          checked={isChosen}
          onChange={onChoose}
        />
        <b>{WORDS[version.operation]}</b>
        <TimeAgo time={version.time} />
        {version.status && <StatusBadge level={version.status.level} word={version.status.word} />}
        {version.afterGap && (
          <span className={styles.quiet} title="It was found by comparing after a gap: it happened before.">
            seen after a gap
          </span>
        )}
        <span className={styles.versionActions}>
          <Button size="compact-xs" variant="subtle" onClick={onCompare}>
            What changed
          </Button>
          <Button size="compact-xs" variant="subtle" onClick={onTravel}>
            Go there
          </Button>
        </span>
      </div>
      {version.words && <p className={styles.words}>{version.words}</p>}
      <FieldChanges fields={version.fields ?? []} />
    </li>
  );
}
