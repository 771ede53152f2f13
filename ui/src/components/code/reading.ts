import { yaml } from "@codemirror/lang-yaml";
import {
  codeFolding,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  syntaxHighlighting,
} from "@codemirror/language";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { readNonce } from "~/app/nonce";

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--info)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--warning)" },
  { tag: [tags.comment, tags.meta, tags.punctuation], color: "var(--quiet)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "0.75rem", backgroundColor: "var(--surface)", color: "var(--text)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--quiet)", border: "none" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--selected)" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--unknown-soft)",
    border: "none",
    color: "var(--quiet)",
    padding: "0 6px",
  },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--good-soft)" },
  ".cm-deletedChunk, .cm-deletedLine": { backgroundColor: "var(--critical-soft)" },
  ".cm-changedText, .cm-insertedLine .cm-changedText": { background: "none", fontWeight: "700" },
  ".cm-deletedChunk .cm-deletedText": { background: "none", fontWeight: "700" },
  ".cm-collapsedLines": { backgroundColor: "var(--hover)", backgroundImage: "none", color: "var(--quiet)" },
  // The package's own sign is in few fonts.
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '"\u22ef"' },
});

const shared: Extension = [
  EditorView.cspNonce.of(readNonce()),
  lineNumbers(),
  codeFolding(),
  foldGutter(),
  yaml(),
  syntaxHighlighting(colours),
  look,
  search({ top: true }),
  keymap.of([...searchKeymap, ...foldKeymap]),
  EditorView.lineWrapping,
];

/** An editor in which a document is read, and nothing written. */
export function reading(label: string): Extension {
  return [
    shared,
    EditorState.readOnly.of(true),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true" }),
  ];
}

/** An editor in which a document is written. */
export function writing(label: string): Extension {
  return [shared, EditorView.contentAttributes.of({ "aria-label": label })];
}
