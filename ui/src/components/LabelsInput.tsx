import { TagsInput } from "@mantine/core";
import type { ComponentProps } from "react";

/** Labels as `name=value`, each a tag of its own; a comma, a space or Enter ends one. */
export function LabelsInput(props: ComponentProps<typeof TagsInput>) {
  return <TagsInput placeholder="env=prod" splitChars={[",", " "]} acceptValueOnBlur clearable {...props} />;
}
