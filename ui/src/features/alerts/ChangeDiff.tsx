import { useQuery } from "@tanstack/react-query";

import { LoadingState } from "~/components";

import styles from "./Alert.module.css";
import { changeQuery, type RelatedChange } from "./queries";

const MOST_FIELDS = 12;
const LONGEST = 400;

/** What a change changed, field by field: as it was, and as it is since then. */
export function ChangeDiff({ cluster, change }: { cluster: string; change: RelatedChange }) {
  const { data: fields, error, isPending } = useQuery(changeQuery(cluster, change));
  if (isPending) return <LoadingState rows={2} label="Reading what changed" />;
  if (error !== null) return <p className={styles.quiet}>{error.message}</p>;
  if (fields.length === 0)
    return (
      <p className={styles.quiet}>The change itself is not kept any more, or made or ended the object.</p>
    );
  return (
    <ul className={styles.fields} aria-label="What changed">
      {fields.slice(0, MOST_FIELDS).map((field) => (
        <li key={field.path}>
          <code>{field.path}</code>
          {isThere(field.before) && <del>{show(field.before)}</del>}
          {isThere(field.after) && <ins>{show(field.after)}</ins>}
        </li>
      ))}
      {fields.length > MOST_FIELDS && <li>and {fields.length - MOST_FIELDS} more fields</li>}
    </ul>
  );
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}
