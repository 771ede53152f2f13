import { ActionIcon, Button, SegmentedControl, TextInput, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconHistory } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";

import { usePageKeys } from "~/app/pageKeys";
import { useZone } from "~/app/preferences";
import { TimeAgo } from "~/components/TimeAgo";
import { toMoment } from "~/components/moments";

import { fromField, toField } from "./line";
import type { Scope, Span } from "./queries";
import { TimeLine } from "./TimeLine";
import styles from "./TimeTravel.module.css";
import { useTimeLine } from "./useTimeLine";

const HOUR = 3_600_000;

const SPANS: readonly { value: string; label: string; span: Span }[] = [
  { value: "1h", label: "1 h", span: HOUR },
  { value: "6h", label: "6 h", span: 6 * HOUR },
  { value: "1d", label: "1 d", span: 24 * HOUR },
  { value: "7d", label: "7 d", span: 7 * 24 * HOUR },
  { value: "all", label: "All", span: undefined },
];

export interface Travel {
  /** The past that is shown, ISO 8601; undefined is now. */
  at: string | undefined;
  onTravel: (at: string | undefined, options?: { replace?: boolean }) => void;
}

/** Opens the time line; stands among a page's actions while it shows the present. */
export function TravelButton({ at, onTravel }: Travel) {
  const go = () => onTravel(at === undefined ? toMoment(Date.now() - 60_000) : undefined);
  usePageKeys({ t: go });
  if (at !== undefined) return null;
  return (
    <Tooltip label="See it as it was (t)">
      <Button variant="default" leftSection={<IconHistory size={15} />} onClick={go}>
        Time travel
      </Button>
    </Tooltip>
  );
}

/**
 * What a page shows of the past, with the line to move on above it; now, the content alone.
 *
 * @param scope whose changes are marked on the line; nobody's when undefined
 */
export function TimeFrame({
  at,
  onTravel,
  scope,
  children,
}: Travel & { scope: Scope | undefined; children: ReactNode }) {
  return (
    <div className={at === undefined ? undefined : styles.past}>
      {at !== undefined && <PastBar at={at} onTravel={onTravel} scope={scope} />}
      <div className={styles.content}>{children}</div>
    </div>
  );
}

function PastBar({
  at,
  onTravel,
  scope,
}: {
  at: string;
  onTravel: Travel["onTravel"];
  scope: Scope | undefined;
}) {
  const [zone] = useZone();
  const [span, setSpan] = useState("1h");
  const length = SPANS.find((one) => one.value === span)?.span;
  const line = useTimeLine(scope, at, length);
  const goTo = (moment: number | undefined) =>
    moment !== undefined && onTravel(toMoment(moment), { replace: true });
  usePageKeys({
    "[": () => goTo(line.previous),
    "]": () => goTo(line.next),
    Escape: () => onTravel(undefined),
  });
  return (
    <section className={styles.bar} aria-label="Time travel">
      <div className={styles.head}>
        <IconHistory size={17} aria-hidden />
        <b>The past</b>
        <span>
          <TimeAgo time={at} style="exact" /> (<TimeAgo time={at} />)
        </span>
        <span className={styles.note}>
          {line.isBefore
            ? "This is before everything is known: what is shown may lack objects."
            : "Nothing below is live."}
        </span>
        <Button
          size="compact-sm"
          className={styles.back}
          rightSection={<kbd>Esc</kbd>}
          onClick={() => onTravel(undefined)}
        >
          Back to now
        </Button>
      </div>
      <div className={styles.controls}>
        <Step
          label="Previous change"
          hint="["
          to={line.previous}
          onGo={goTo}
          icon={<IconChevronLeft size={16} />}
        />
        <TimeLine line={line} at={Date.parse(at)} onGo={goTo} />
        <Step label="Next change" hint="]" to={line.next} onGo={goTo} icon={<IconChevronRight size={16} />} />
        <SegmentedControl
          aria-label="How far back the line reaches"
          data={SPANS.map(({ value, label }) => ({ value, label }))}
          value={span}
          onChange={setSpan}
        />
        <TextInput
          key={`${at} ${zone}`}
          type="datetime-local"
          step={1}
          aria-label={zone === "utc" ? "Time, in UTC" : "Time"}
          defaultValue={toField(Date.parse(at), zone)}
          max={toField(line.until, zone)}
          onBlur={(event) => goTo(chosen(event.currentTarget.value, zone, at))}
          onKeyDown={(event) => {
            if (event.key === "Enter") goTo(chosen(event.currentTarget.value, zone, at));
          }}
        />
      </div>
    </section>
  );
}

/** What was typed, unless it is what stood there, or is yet to come. */
function chosen(text: string, zone: "local" | "utc", at: string): number | undefined {
  const moment = fromField(text, zone);
  const isSame = text === toField(Date.parse(at), zone);
  return moment === undefined || isSame || moment > Date.now() ? undefined : moment;
}

function Step({
  label,
  hint,
  to,
  onGo,
  icon,
}: {
  label: string;
  hint: string;
  to: number | undefined;
  onGo: (moment: number | undefined) => void;
  icon: ReactNode;
}) {
  const said = to === undefined ? `${label}: none on this line` : `${label} (${hint})`;
  return (
    <Tooltip label={said}>
      <ActionIcon
        variant="default"
        aria-label={label}
        data-disabled={to === undefined || undefined}
        aria-disabled={to === undefined}
        onClick={() => onGo(to)}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
