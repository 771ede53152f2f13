import { autocompletion, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { useEffect, useRef } from "react";

import styles from "./Code.module.css";
import { writing } from "./reading";

/** A fault at a line and column, which count from 1; line 0 is the whole document. */
export interface CodeProblem {
  line: number;
  column: number;
  message: string;
}

export function CodeField({
  value,
  onChange,
  label,
  problems = [],
  complete,
  readOnly = false,
}: {
  value: string;
  onChange: (text: string) => void;
  label: string;
  problems?: readonly CodeProblem[];
  complete?: CompletionSource;
  readOnly?: boolean;
}) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const handlers = useRef({ onChange, complete });
  useEffect(() => {
    handlers.current = { onChange, complete };
  });
  useEffect(() => {
    if (place.current === null) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        extensions: [
          writing(label),
          history(),
          keymap.of([...historyKeymap, ...defaultKeymap, indentWithTab]),
          lintGutter(),
          autocompletion({ override: [(context) => handlers.current.complete?.(context) ?? null] }),
          EditorState.readOnly.of(readOnly),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) handlers.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [label, readOnly]);
  useEffect(() => {
    const now = view.current;
    if (now === null || now.state.doc.toString() === value) return;
    now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value, label, readOnly]);
  useEffect(() => {
    const now = view.current;
    if (now === null) return;
    now.dispatch(
      setDiagnostics(
        now.state,
        problems.map((problem) => locate(now.state, problem)),
      ),
    );
  }, [problems, label, readOnly]);
  return <div ref={place} className={styles.code} />;
}

function locate(state: EditorState, { line, column, message }: CodeProblem): Diagnostic {
  const at = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
  const from = Math.min(at.from + Math.max(column - 1, 0), at.to);
  return { from, to: Math.max(at.to, from), severity: "error", message };
}
