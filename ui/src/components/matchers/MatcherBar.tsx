import { Combobox, Pill, PillsInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";

import { completeOperators, readStage, type Stage } from "./completion";
import {
  escapeRegex,
  formatMatcher,
  formatName,
  isMatcher,
  isRegex,
  MatcherError,
  OPERATOR_WORDS,
  parseMatcher,
  tidyMatcher,
} from "./matchers";
import styles from "./MatcherBar.module.css";
import { labelsQuery, PAUSE_MS } from "./queries";

/** What is wrong with one of the matchers (`place`), or with all of them together. */
export interface MatcherFault {
  place?: number | undefined;
  words: string;
}

/**
 * A bar in which one writes matchers, completed from the labels that alerts have.
 *
 * @param words what else must stand in the alert; without `onWords` only matchers can be written
 * @param fault what the hub says is wrong
 */
export function MatcherBar({
  label,
  matchers,
  onChange,
  words,
  onWords,
  fault,
  placeholder,
  visibleLabel,
  autoFocus,
}: {
  label: string;
  matchers: readonly string[];
  onChange: (matchers: string[]) => void;
  words?: string | undefined;
  onWords?: (words: string | undefined) => void;
  fault?: MatcherFault | undefined;
  placeholder?: string;
  visibleLabel?: string;
  autoFocus?: boolean;
}) {
  const [text, setText] = useState("");
  const [ownFault, setOwnFault] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const stage = readStage(text);
  const options = useOptions(stage, matchers, text, onWords !== undefined);

  // What Enter takes is seen to be chosen; of values, only what somebody has chosen: a beginning is a value as well.
  const { selectFirstOption, resetSelectedOption } = combobox;
  const completes = text.trim() !== "" && stage.stage !== "value" ? options[0]?.value : undefined;
  useEffect(() => {
    if (completes === undefined) resetSelectedOption();
    else selectFirstOption();
  }, [completes, selectFirstOption, resetSelectedOption]);

  const write = (next: string) => {
    setText(next);
    setOwnFault(undefined);
    combobox.openDropdown();
  };
  const add = (matcher: string) => {
    onChange([...new Set([...matchers, matcher])]);
    write("");
  };
  const commit = () => {
    const typed = text.trim();
    if (typed === "") return;
    try {
      add(formatMatcher(parseMatcher(typed)));
    } catch (error) {
      if (!(error instanceof MatcherError)) throw error;
      if (onWords !== undefined && stage.stage === "name") {
        onWords(typed);
        write("");
      } else setOwnFault(error.message);
    }
  };
  const accept = (value: string) => {
    const kind = value.slice(0, 2);
    const chosen = value.slice(2);
    if (kind === "w:") {
      onWords?.(chosen);
      write("");
    } else if (kind === "n:") write(`${formatName(chosen)} `);
    else if (kind === "o:") write(`${text.replace(/\s*!?$/, "")}${chosen}`);
    else if (stage.stage === "value") {
      const written = isRegex(stage.operator) ? escapeRegex(chosen) : chosen;
      add(formatMatcher({ name: stage.name, operator: stage.operator, value: written }));
    }
    input.current?.focus();
  };
  const edit = (place: number) => {
    setText(matchers[place] ?? "");
    onChange(matchers.filter((_, other) => other !== place));
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Backspace" && text === "") {
      if (words !== undefined) onWords?.(undefined);
      else if (matchers.length > 0) edit(matchers.length - 1);
      else return;
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const selected = combobox.getSelectedOptionIndex();
      if (combobox.dropdownOpened && selected >= 0) return; // the list takes it
      if (completes !== undefined && !isMatcher(text)) accept(completes);
      else commit();
    } else if (event.key === "Escape") {
      if (combobox.dropdownOpened) event.stopPropagation();
      combobox.closeDropdown();
    } else if (event.key === "," && isMatcher(text)) {
      event.preventDefault();
      commit();
    } else if (event.key === "Tab" && text !== "" && options.length > 0 && combobox.dropdownOpened) {
      const selected = combobox.getSelectedOptionIndex();
      const option = options[Math.max(0, selected)];
      if (option !== undefined) {
        event.preventDefault();
        accept(option.value);
      }
    }
  };
  const said = ownFault ?? fault?.words;
  return (
    <Combobox store={combobox} onOptionSubmit={accept} withinPortal>
      <Combobox.DropdownTarget>
        <PillsInput size="xs" label={visibleLabel} error={said} onClick={() => input.current?.focus()}>
          <Pill.Group gap={4}>
            {matchers.map((matcher, place) => (
              <Pill
                key={matcher}
                className={styles.pill}
                radius="sm"
                data-faulty={fault?.place === place || undefined}
                withRemoveButton
                onRemove={() => onChange(matchers.filter((_, other) => other !== place))}
                removeButtonProps={{ "aria-label": `Remove ${matcher}`, tabIndex: 0, "aria-hidden": false }}
              >
                <button
                  type="button"
                  className={styles.text}
                  title={matcher}
                  aria-label={`Change ${matcher}`}
                  onClick={(event) => {
                    event.stopPropagation();
                    edit(place);
                  }}
                >
                  {matcher}
                </button>
              </Pill>
            ))}
            {words !== undefined && (
              <Pill
                className={styles.pill}
                radius="sm"
                data-words
                withRemoveButton
                onRemove={() => onWords?.(undefined)}
                removeButtonProps={{ "aria-label": `Remove ${words}`, tabIndex: 0, "aria-hidden": false }}
              >
                {words}
              </Pill>
            )}
            <Combobox.EventsTarget>
              <PillsInput.Field
                ref={input}
                aria-label={label}
                data-search=""
                data-autofocus={autoFocus || undefined}
                value={text}
                placeholder={matchers.length === 0 && words === undefined ? placeholder : undefined}
                spellCheck={false}
                autoCapitalize="none"
                autoComplete="off"
                onChange={(event) => write(event.currentTarget.value)}
                onFocus={() => combobox.openDropdown()}
                onBlur={() => {
                  combobox.closeDropdown();
                  if (isMatcher(text)) add(tidyMatcher(text));
                }}
                onKeyDown={onKeyDown}
              />
            </Combobox.EventsTarget>
          </Pill.Group>
        </PillsInput>
      </Combobox.DropdownTarget>
      <Combobox.Dropdown hidden={options.length === 0}>
        <Combobox.Options className={styles.options} aria-label={`Completions: ${label}`}>
          {options.map((option) => (
            <Combobox.Option key={option.value} value={option.value} className={styles.option}>
              <span>{option.text}</span>
              <span>{option.aside}</span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

interface Option {
  /** `n:`, `o:`, `v:` or `w:` (name, operator, value, words), and what it stands for. */
  value: string;
  text: string;
  aside: string;
}

function useOptions(stage: Stage, matchers: readonly string[], text: string, withWords: boolean): Option[] {
  const [typed] = useDebouncedValue(stage.stage === "operator" ? "" : stage.prefix, PAUSE_MS);
  const [filter] = useDebouncedValue(matchers, PAUSE_MS);
  const name = stage.stage === "value" ? stage.name : undefined;
  const counted = useQuery({ ...labelsQuery(name, typed, filter), enabled: stage.stage !== "operator" });
  if (stage.stage === "operator") {
    return completeOperators(stage.prefix).map((operator) => ({
      value: `o:${operator}`,
      text: `${stage.name} ${operator}`,
      aside: OPERATOR_WORDS[operator],
    }));
  }
  const wanted = stage.prefix.toLowerCase();
  // The answer may be to a text of a moment ago.
  const found = (counted.data?.items ?? []).filter((item) => item.value.toLowerCase().includes(wanted));
  if (stage.stage === "value")
    return found.map((item) => ({ value: `v:${item.value}`, text: item.value, aside: String(item.count) }));
  const names = found.map((item) => ({ value: `n:${item.value}`, text: item.value, aside: "label" }));
  const words = text.trim();
  if (!withWords || words === "") return names;
  return [...names, { value: `w:${words}`, text: `Search for “${words}”`, aside: "in values and summaries" }];
}
