import { useEffect, useState } from "react";

import { TimeAgo } from "~/components/TimeAgo";
import { useStaleSince } from "~/live/LiveProvider";

import styles from "./StaleBanner.module.css";

/** A blink is nobody's business. */
const PATIENCE_MS = 2_500;

/** Says that what is shown may be old, and since when; it goes by itself. */
export function StaleBanner() {
  const since = useStaleSince();
  const [shown, setShown] = useState<number>();
  useEffect(() => {
    const timer = window.setTimeout(() => setShown(since), since === undefined ? 0 : PATIENCE_MS);
    return () => window.clearTimeout(timer);
  }, [since]);
  if (shown === undefined || since === undefined) return null;
  return (
    <div className={styles.banner} role="status">
      The hub does not answer. What you see is from <TimeAgo time={since} />, and resumes by itself.
    </div>
  );
}
