import { Button, Group, Input, TextInput } from "@mantine/core";
import { useId } from "react";

import { useZone } from "~/app/preferences";
import { useNow } from "~/components/now";
import { formatExact, formatSpan } from "~/components/times";

import { fromField, PRESETS, toField } from "./spans";
import styles from "./Silencing.module.css";

/** Until when: a span from now on, which moves on with the clock, or an exact time. */
export type Until = { span: number } | { field: string };

/** The time that is meant, in milliseconds since the epoch; undefined while there is none. */
export function readUntil(until: Until, now: number, zone: "local" | "utc"): number | undefined {
  return "span" in until ? now + until.span : fromField(until.field, zone);
}

/** Asks until when something is to be quiet. */
export function UntilField({
  label,
  until,
  onChange,
  error,
}: {
  label: string;
  until: Until;
  onChange: (until: Until) => void;
  error?: string | undefined;
}) {
  const [zone] = useZone();
  const now = useNow();
  const id = useId();
  const end = readUntil(until, now, zone);
  return (
    <Input.Wrapper
      label={label}
      labelElement="div"
      labelProps={{ id }}
      error={error}
      description={
        end !== undefined && end > now
          ? `Ends ${formatExact(end, zone)}, in ${formatSpan((end - now) / 1000)}`
          : undefined
      }
      inputWrapperOrder={["label", "input", "description", "error"]}
    >
      <div className={styles.until} role="group" aria-labelledby={id}>
        <Group gap={4}>
          {PRESETS.map((preset) => {
            const isChosen = "span" in until && until.span === preset.milliseconds;
            return (
              <Button
                key={preset.label}
                size="compact-xs"
                variant={isChosen ? "filled" : "default"}
                aria-pressed={isChosen}
                onClick={() => onChange({ span: preset.milliseconds })}
              >
                {preset.label}
              </Button>
            );
          })}
        </Group>
        <TextInput
          type="datetime-local"
          aria-label={`${label}, exactly (${zone === "utc" ? "UTC" : "local time"})`}
          value={"field" in until ? until.field : toField(now + until.span, zone)}
          onChange={(event) => onChange({ field: event.currentTarget.value })}
        />
      </div>
    </Input.Wrapper>
  );
}
