import styles from "./LabelChips.module.css";

/** Labels as small marks. `most` cuts the list, and says by how much; in one line those that find no room are shortened. */
export function LabelChips({
  labels,
  most = Infinity,
  oneLine = false,
}: {
  labels: Readonly<Record<string, string>> | undefined;
  most?: number;
  oneLine?: boolean;
}) {
  const pairs = Object.entries(labels ?? {});
  if (pairs.length === 0) return null;
  const rest = pairs.slice(most);
  return (
    <span className={styles.chips} data-one-line={oneLine || undefined}>
      {pairs.slice(0, most).map(([name, value]) => (
        <span key={name} className={styles.chip} title={`${name}=${value}`}>
          <span>{name}=</span>
          {value}
        </span>
      ))}
      {rest.length > 0 && (
        <span className={styles.chip} title={rest.map((pair) => pair.join("=")).join(", ")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}
