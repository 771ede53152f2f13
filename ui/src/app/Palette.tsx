import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowRight, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRouter, type AnyRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";

import { get } from "~/api";
import { SeverityBadge } from "~/components/SeverityBadge";
import { StatusBadge } from "~/components/StatusBadge";

import { navEntries, paletteEntries } from "./features";
import { groupItems, matchesWords, toItem, type Item } from "./found";
import styles from "./Palette.module.css";
import { useSession } from "./session";

const WAIT_MS = 120;
const MOST = 30;

/** Finds pages, clusters, workloads, pods and alerts by a few letters, from anywhere. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={620} yOffset="9vh" transitionProps={{ duration: 90 }}>
      <Modal.Overlay backgroundOpacity={0.35} />
      <Modal.Content aria-label="Find anything">
        <Modal.Body p={0} className={styles.body}>
          <Finder onClose={onClose} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Finder({ onClose }: { onClose: () => void }) {
  const router: AnyRouter = useRouter();
  const [text, setText] = useState("");
  const [current, setCurrent] = useState(0);
  const { items, isSearching, error } = useItems(text.trim());
  const cursor = Math.min(current, Math.max(0, items.length - 1));
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [cursor, items]);

  const choose = (item: Item | undefined) => {
    if (item === undefined) return;
    onClose();
    if (item.to !== undefined) void router.navigate({ to: item.to });
    else item.run?.();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setCurrent((cursor + step + items.length) % Math.max(1, items.length));
    else if (event.key === "Enter") choose(items[cursor]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div className={styles.field}>
        <IconSearch size={17} stroke={1.7} />
        <input
          data-autofocus
          role="combobox"
          aria-label="Find a page, cluster, workload, pod or alert"
          aria-expanded
          aria-controls="palette-items"
          aria-activedescendant={items.length > 0 ? `palette-item-${cursor}` : undefined}
          placeholder="Find a page, cluster, workload, pod or alert"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setCurrent(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} id="palette-items" role="listbox" aria-label="What was found" className={styles.list}>
        {groupItems(items).map(([group, members]) => (
          <div key={group} role="group" aria-label={group}>
            <div className={styles.group} aria-hidden>
              {group}
            </div>
            {members.map((item) => {
              const place = items.indexOf(item);
              return (
                // The field above keeps the focus and takes the keys.
                // eslint-disable-next-line jsx-a11y/click-events-have-key-events
                <div
                  key={item.key}
                  id={`palette-item-${place}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={place === cursor}
                  className={styles.item}
                  onMouseMove={() => setCurrent(place)}
                  onClick={() => choose(item)}
                >
                  <Line item={item} />
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {items.length === 0 && (
        <p className={styles.nothing} role="status">
          {isSearching
            ? "Searching …"
            : error === null
              ? `Nothing is called “${text.trim()}”.`
              : error.message}
        </p>
      )}
    </>
  );
}

function Line({ item }: { item: Item }) {
  const { hit } = item;
  return (
    <>
      <span className={styles.label}>{item.label}</span>
      <span className={styles.detail}>{item.detail}</span>
      {hit?.status && <StatusBadge level={hit.status.level} word={hit.status.word} />}
      {hit?.type === "alert" && <SeverityBadge severity={hit.severity} />}
      {hit === undefined && <IconArrowRight size={14} />}
    </>
  );
}

/** Pages at once; the rest as the hub finds it. In the order of the groups, which is that of the keyboard. */
function useItems(text: string): { items: Item[]; isSearching: boolean; error: Error | null } {
  const { session } = useSession();
  const [query] = useDebouncedValue(text, WAIT_MS);
  const found = useQuery({
    queryKey: ["search", query],
    queryFn: ({ signal }) => get("/api/v1/search", { query: { q: query, limit: MOST }, signal }),
    enabled: query !== "" && text !== "",
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  const held = new Set<string>(session?.permissions.map((one) => one.permission));
  const pages = [
    ...navEntries.map(({ label, to, permission }) => ({
      label,
      to,
      permission,
      run: undefined,
      keywords: "",
    })),
    ...paletteEntries.map((entry) => ({ to: undefined, run: undefined, keywords: "", ...entry })),
  ]
    .filter(
      (entry, place, all) => entry.to === undefined || all.findIndex((one) => one.to === entry.to) === place,
    )
    .filter((entry) => entry.permission === undefined || held.has(entry.permission))
    .filter((entry) => matchesWords(`${entry.label} ${entry.keywords}`, text))
    .map(({ label, to, run }): Item => ({ key: label, label, detail: "", group: "Pages", to, run }));
  const hits = text === "" ? [] : (found.data?.items ?? []).map(toItem);
  return {
    items: groupItems([...pages, ...hits]).flatMap(([, members]) => members),
    isSearching: text !== query || found.isFetching,
    error: found.error,
  };
}
