import { Modal } from "@mantine/core";

import { InstallForm } from "./InstallForm";
import { LabelsForm } from "./LabelsForm";
import { RemoveForm } from "./RemoveForm";
import { RenameForm } from "./RenameForm";
import { RotateForm } from "./RotateForm";

export type DialogKind = "labels" | "rename" | "install" | "rotate" | "remove";

/** What is about to be done with which cluster. */
export interface Dialog {
  kind: DialogKind;
  name: string;
  labels: Readonly<Record<string, string>>;
}

const DIALOGS = {
  labels: { title: "Labels of", form: LabelsForm },
  rename: { title: "Rename", form: RenameForm },
  install: { title: "Install the agent of", form: InstallForm },
  rotate: { title: "New token for", form: RotateForm },
  remove: { title: "Remove", form: RemoveForm },
} as const;

/** The dialog that is open, if one is. */
export function ClusterDialogs({
  dialog,
  onClose,
  onRenamed,
  onRemoved,
}: {
  dialog: Dialog | undefined;
  onClose: () => void;
  onRenamed?: (name: string) => void;
  onRemoved?: () => void;
}) {
  if (dialog === undefined) return null;
  const { title, form: Form } = DIALOGS[dialog.kind];
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${title} ${dialog.name}`}
      size={dialog.kind === "install" ? "lg" : "md"}
    >
      <Form {...dialog} onDone={onClose} onRenamed={onRenamed} onRemoved={onRemoved} />
    </Modal>
  );
}

/** What each of them is given. */
export interface DialogProps extends Dialog {
  onDone: () => void;
  onRenamed?: (name: string) => void;
  onRemoved?: () => void;
}
