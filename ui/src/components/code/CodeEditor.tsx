import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";

import styles from "./Code.module.css";
import { reading } from "./reading";

export function CodeEditor({ text, label }: { text: string; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  useEffect(() => {
    if (place.current === null) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({ extensions: reading(label) }),
    });
    view.current = made;
    return () => made.destroy();
  }, [label]);
  useEffect(() => {
    // The text is put into the editor that is there: place and folds stay where it changes live.
    const now = view.current;
    if (now === null || now.state.doc.toString() === text) return;
    now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: text } });
  }, [text, label]);
  return <div ref={place} className={styles.code} />;
}
