import styles from "./LevelBar.module.css";
import { sortLevels, type Levels } from "./levels";

/** How many stand how, as a bar; what is bad shows however little it is. */
export function LevelBar({ levels, label }: { levels: Levels; label: string }) {
  return (
    <span className={styles.bar} role="img" aria-label={label} title={label}>
      {sortLevels(levels).map(([level, number]) => (
        <span key={level} data-level={level} style={{ flexGrow: number }} />
      ))}
    </span>
  );
}
