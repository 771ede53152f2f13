import styles from "./Object.module.css";
import { ObjectLink } from "./ObjectLink";
import type { Detail } from "./queries";

/** What an object is part of, from the top down to itself. */
export function OwnerChain({ detail, at }: { detail: Detail; at: string | undefined }) {
  const owners = (detail.owners ?? []).toReversed();
  if (owners.length === 0) return null;
  return (
    <ol className={styles.chain} aria-label="Owners">
      {owners.map((owner) => (
        <li key={`${owner.kind} ${owner.name}`}>
          <ObjectLink cluster={detail.cluster} object={owner} at={at} />
        </li>
      ))}
      <li aria-current="true">
        <span className={styles.quiet}>{detail.kind}</span> {detail.name}
      </li>
    </ol>
  );
}
