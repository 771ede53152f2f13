import { Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { findKind, KINDS, kindsByGroup, type Kind } from "~/app/kinds";

import styles from "./KindTabs.module.css";

/** The kinds that are looked at most; the others are one click further. */
const FIRST = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Node", "Event"];

/** The way from one kind's table to another's. `to` gives the address of a kind; `search` goes along. */
export function KindTabs({
  current,
  to,
  search,
}: {
  current?: string;
  to: (kind: Kind) => string;
  search?: object;
}) {
  const chosen = current === undefined ? undefined : findKind(current);
  const first = KINDS.filter((one) => FIRST.includes(one.name));
  const shown = chosen === undefined || first.includes(chosen) ? first : [...first, chosen];
  return (
    <nav aria-label="Kinds" className={styles.tabs}>
      {shown.map((kind) => (
        <Link
          key={kind.name}
          to={to(kind)}
          search={search as never}
          className={styles.tab}
          aria-current={kind === chosen ? "page" : undefined}
        >
          {kind.title}
        </Link>
      ))}
      <Menu position="bottom-start" width={220}>
        <Menu.Target>
          <button type="button" className={styles.tab}>
            More <IconChevronDown size={13} />
          </button>
        </Menu.Target>
        <Menu.Dropdown className={styles.more}>
          {kindsByGroup().map(([group, kinds]) => (
            <div key={group}>
              <Menu.Label>{group}</Menu.Label>
              {kinds.map((kind) => (
                <Menu.Item key={kind.name} component={Link} to={to(kind)} search={search as never}>
                  {kind.title}
                </Menu.Item>
              ))}
            </div>
          ))}
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}
