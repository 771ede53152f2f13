import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconDots, IconDownload, IconKey, IconPencil, IconTags, IconTrash } from "@tabler/icons-react";

import { useCan } from "~/app/session";

import type { Dialog, DialogKind } from "./ClusterDialogs";

const ACTIONS: readonly { kind: DialogKind; label: string; icon: typeof IconDots; danger?: true }[] = [
  { kind: "labels", label: "Labels…", icon: IconTags },
  { kind: "rename", label: "Rename…", icon: IconPencil },
  { kind: "install", label: "Install the agent again…", icon: IconDownload },
  { kind: "rotate", label: "New token…", icon: IconKey },
  { kind: "remove", label: "Remove…", icon: IconTrash, danger: true },
];

/** What can be done with a cluster. */
export function ClusterMenu({
  name,
  labels,
  onAct,
}: {
  name: string;
  labels: Readonly<Record<string, string>>;
  onAct: (dialog: Dialog) => void;
}) {
  const gate = useCan("clusters.manage", { cluster: name, clusterLabels: labels });
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon aria-label={`Actions for ${name}`} tabIndex={-1}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {ACTIONS.map(({ kind, label, icon: Icon, danger }) => (
          <Tooltip key={kind} label={gate.reason} disabled={gate.allowed} position="left">
            <Menu.Item
              leftSection={<Icon size={15} />}
              color={danger && gate.allowed ? "red" : undefined}
              data-disabled={gate.allowed ? undefined : true}
              aria-disabled={!gate.allowed}
              closeMenuOnClick={gate.allowed}
              onClick={() => gate.allowed && onAct({ kind, name, labels })}
            >
              {label}
            </Menu.Item>
          </Tooltip>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
