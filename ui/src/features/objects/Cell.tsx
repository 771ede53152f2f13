import { formatSpan, TimeAgo } from "~/components";

import styles from "./Objects.module.css";

/** Made once: a number that formats itself makes one each time. */
const NUMBERS = new Intl.NumberFormat("en");

/** A cell of a table, as its column's type wants it read. */
export function Cell({ type, value }: { type: string; value: unknown }) {
  if (value === null || value === undefined || value === "") return <span className={styles.quiet}>–</span>;
  if (type === "time" && typeof value === "string") return <TimeAgo time={value} style="span" />;
  if (type === "seconds" && typeof value === "number") return <>{formatSpan(value)}</>;
  if (type === "integer" && typeof value === "number") return <>{NUMBERS.format(value)}</>;
  if (type === "ratio" && typeof value === "string") return <Ratio text={value} />;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return <span title={text}>{text}</span>;
}

function Ratio({ text }: { text: string }) {
  const [have, wanted] = text.split("/");
  return <span className={have === wanted ? undefined : styles.short}>{text}</span>;
}
