import styles from "./History.module.css";
import type { Change } from "./queries";

type Field = NonNullable<Change["fields"]>[number];

const MOST = 12;

/** The fields that differ, with what they were and are. */
export function FieldChanges({ fields }: { fields: readonly Field[] }) {
  if (fields.length === 0) return null;
  return (
    <ul className={styles.fields}>
      {fields.slice(0, MOST).map((field) => (
        <li key={field.path}>
          <code className={styles.path}>{field.path}</code>
          <span className={styles.values}>
            {field.before !== undefined && field.before !== null && <del>{show(field.before)}</del>}
            {field.after !== undefined && field.after !== null && <ins>{show(field.after)}</ins>}
          </span>
        </li>
      ))}
      {fields.length > MOST && <li className={styles.quiet}>… and {fields.length - MOST} more fields</li>}
    </ul>
  );
}

const LONGEST = 400;

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
