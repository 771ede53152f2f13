import styles from "./LevelBar.module.css";
import { LEVELS } from "./levels";

/** How many stand how, as a bar; what is bad shows however little it is. */
export function LevelBar({ levels, label }: { levels: Readonly<Record<string, number>>; label: string }) {
  const shown = LEVELS.filter((level) => (levels[level] ?? 0) > 0);
  return (
    <span className={styles.bar} role="img" aria-label={label} title={label}>
      {shown.map((level) => (
        <span key={level} data-level={level} style={{ flexGrow: levels[level] ?? 0 }} />
      ))}
    </span>
  );
}
