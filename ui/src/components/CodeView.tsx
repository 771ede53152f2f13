import { Skeleton } from "@mantine/core";
import { lazy, Suspense, type ComponentProps } from "react";

const Editor = lazy(() => import("./code/CodeEditor").then((module) => ({ default: module.CodeEditor })));
const Field = lazy(() => import("./code/CodeField").then((module) => ({ default: module.CodeField })));
const Merge = lazy(() => import("./code/CodeMerge").then((module) => ({ default: module.CodeMerge })));

/** A document to be read, with colours, folding and search. */
export function CodeView({ text, label }: { text: string; label: string }) {
  return (
    <Suspense fallback={<Skeleton height={320} />}>
      <Editor text={text} label={label} />
    </Suspense>
  );
}

/** What is different between two documents, in one column; what is the same is folded away. */
export function CodeDiff({ before, after, label }: { before: string; after: string; label: string }) {
  return (
    <Suspense fallback={<Skeleton height={320} />}>
      <Merge before={before} after={after} label={label} />
    </Suspense>
  );
}

/** A document to be written, with completion and its faults in place. */
export function CodeInput(props: ComponentProps<typeof Field>) {
  return (
    <Suspense fallback={<Skeleton height={320} />}>
      <Field {...props} />
    </Suspense>
  );
}
