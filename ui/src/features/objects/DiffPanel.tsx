import { ActionIcon, SegmentedControl, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { QueryView, TimeAgo } from "~/components";
import { CodeDiff } from "~/components/CodeView";

import { toComparable } from "./documents";
import { FieldChanges } from "./FieldChanges";
import styles from "./History.module.css";
import { diffQuery, type ObjectPlace } from "./queries";

/** What is different between an object at two times: in words and fields, or in the document. */
export function DiffPanel({
  place,
  from,
  to,
  onClose,
}: {
  place: ObjectPlace;
  from: string;
  to: string | undefined;
  onClose: () => void;
}) {
  const diff = useQuery(diffQuery(place, from, to));
  const [view, setView] = useState("document");
  return (
    <section className={styles.diff} aria-label="Differences">
      <div className={styles.diffHead}>
        <Title order={2}>
          <TimeAgo time={from} style="exact" /> →{" "}
          {to === undefined ? "now" : <TimeAgo time={to} style="exact" />}
        </Title>
        <SegmentedControl
          aria-label="View of the differences"
          value={view}
          onChange={setView}
          data={[
            { value: "document", label: "Document" },
            { value: "fields", label: "Fields" },
          ]}
        />
        <ActionIcon onClick={onClose} aria-label="Close the differences">
          <IconX size={16} />
        </ActionIcon>
      </div>
      <QueryView query={diff}>
        {(data) => (
          <>
            {data.replaced && <p>It was deleted in between, and another took its name.</p>}
            {(data.words ?? []).map((word) => (
              <p key={word}>{word}</p>
            ))}
            {data.fields.length === 0 && !data.replaced && <p>Nothing that is kept of it is different.</p>}
            {view === "fields" ? (
              <FieldChanges fields={data.fields} most={200} />
            ) : (
              <CodeDiff
                before={toComparable(data.from.object)}
                after={toComparable(data.to.object)}
                label="Differences"
              />
            )}
          </>
        )}
      </QueryView>
    </section>
  );
}
