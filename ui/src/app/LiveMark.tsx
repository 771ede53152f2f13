import { Tooltip } from "@mantine/core";

import { useLive } from "~/live";

import styles from "./LiveMark.module.css";

const WORDS = {
  connecting: ["Connecting", "Connecting to the hub's live stream"],
  live: ["Live", "What you see follows the hub as it changes"],
  stale: ["Reconnecting", "The hub does not answer; what you see may be old"],
  ended: ["Signed out", "Your session has ended"],
} as const;

/** How it stands with the live stream, in a word. */
export function LiveMark() {
  const { state } = useLive();
  const [word, meaning] = WORDS[state];
  return (
    <Tooltip label={meaning}>
      <span className={styles.mark} data-state={state} role="status">
        {word}
      </span>
    </Tooltip>
  );
}
