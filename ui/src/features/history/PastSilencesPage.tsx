import { IconBellOff } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { paths } from "~/app/paths";
import { useView } from "~/app/view";
import { DataTable, EmptyState, StatusBadge, TimeAgo, type Column, type Level } from "~/components";
import { FilterInput } from "~/components/FilterInput";
import { NarrowRow } from "~/components/NarrowRow";
import { authorColumn, commentColumn, Matchers, matchersColumn } from "~/components/silencing/columns";

import { pastSilencesRoute } from ".";
import { useCursorRows } from "./cursorRows";
import { HistoryFrame } from "./HistoryFrame";
import styles from "./History.module.css";
import { silenceEventsQuery, type SilenceEvent } from "./queries";
import { readRange } from "./ranges";

/** Every silence that was made, changed or ended: by whom and why. */
export function PastSilencesPage() {
  const [view, setView] = useView(pastSilencesRoute);
  const navigate = useNavigate();
  const query = useInfiniteQuery(silenceEventsQuery(readRange(view), { id: view.id, createdBy: view.by }));
  const rows = useCursorRows(query);
  return (
    <HistoryFrame
      title="Past silences"
      view={view}
      onChange={setView}
      withCluster={false}
      filters={
        <FilterInput
          label="Only those of this author"
          placeholder="All authors"
          value={view.by}
          onChange={(by) => setView({ by })}
        />
      }
    >
      <DataTable
        label="What happened to silences"
        columns={columns}
        rows={rows}
        rowKey={({ time, id, change }) => `${time} ${id} ${change}`}
        onOpen={({ id }) => void navigate({ to: paths.silences(), search: { state: "all", id } })}
        narrow={(event) => (
          <NarrowRow>
            <Matchers text={event.matchers} />
            <TimeAgo time={event.time} />
            <span className={styles.quiet}>
              {event.createdBy}: {event.comment}
            </span>
            <Change event={event} />
          </NarrowRow>
        )}
        empty={
          <EmptyState
            icon={IconBellOff}
            title="No silence was made, changed or ended in this time"
            text="Choose a longer time above."
          />
        }
        height="calc(100dvh - 210px)"
      />
    </HistoryFrame>
  );
}

const LEVELS: Record<string, Level> = { created: "ok", updated: "warn", expired: "done" };
const WORDS: Record<string, string> = { created: "made", updated: "changed", expired: "ended" };

function Change({ event: { change, author } }: { event: SilenceEvent }) {
  const byTime = change === "expired" && author === "";
  return (
    <StatusBadge
      level={LEVELS[change] ?? "unknown"}
      word={WORDS[change] ?? change}
      reason={byTime ? "Its time was over" : author === "" ? undefined : `By ${author}`}
    />
  );
}

const columns: readonly Column<SilenceEvent>[] = [
  { id: "time", title: "Time", width: { pixels: 92 }, cell: ({ time }) => <TimeAgo time={time} /> },
  { id: "change", title: "What", width: { pixels: 86 }, cell: (event) => <Change event={event} /> },
  matchersColumn,
  commentColumn,
  { ...authorColumn, title: "Wanted by" },
  {
    id: "author",
    title: "Done by",
    width: { pixels: 110 },
    from: 900,
    cell: ({ author, change }) => (author === "" && change === "expired" ? "its time" : author),
  },
  {
    id: "ends",
    title: "Until",
    width: { pixels: 100 },
    align: "end",
    cell: ({ endsAt }) => <TimeAgo time={endsAt} />,
  },
];
