import styles from "./CommandBlock.module.css";
import { CopyButton } from "./CopyButton";

/** A line for a shell, or a secret: to be copied whole. */
export function CommandBlock({ text, label }: { text: string; label: string }) {
  return (
    <div className={styles.block}>
      {/* It scrolls, so that the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
    </div>
  );
}
