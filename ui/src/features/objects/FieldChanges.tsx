import styles from "./History.module.css";
import type { Field } from "./queries";
import { rankFields } from "./versions";

/** The fields that differ, with what they were and are. */
export function FieldChanges({ fields, most = 4 }: { fields: readonly Field[]; most?: number }) {
  if (fields.length === 0) return null;
  return (
    <ul className={styles.fields}>
      {rankFields(fields)
        .slice(0, most)
        .map((field) => (
          <li key={field.path}>
            <code className={styles.path}>{field.path}</code>
            <span className={styles.values}>
              {field.before !== undefined && field.before !== null && <del>{show(field.before)}</del>}
              {field.after !== undefined && field.after !== null && <ins>{show(field.after)}</ins>}
            </span>
          </li>
        ))}
      {fields.length > most && <li className={styles.quiet}>… and {fields.length - most} more fields</li>}
    </ul>
  );
}

const LONGEST = 400;

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
