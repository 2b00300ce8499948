import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Range as Marked, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import styles from "./CodeEditor.module.css";

/** A part of a text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface CodeProps {
  readonly label: string;
  readonly value: string;
  /** Without it the text can only be read. */
  readonly onChange?: ((text: string) => void) | undefined;
  readonly problems?: readonly (Span & { readonly message: string; readonly severity: "error" | "warning" })[];
  /** The part that is marked; it is scrolled to when it changes. */
  readonly marked?: Span | undefined;
  /** Whoever is led to what is marked goes on writing there. */
  readonly isEntered?: boolean;
  /** Where the user went in the text. */
  readonly onCursor?: ((at: number) => void) | undefined;
  /** Grows with its text, up to a height. */
  readonly grows?: boolean;
  readonly id?: string | undefined;
  readonly describedBy?: string | undefined;
  readonly isInvalid?: boolean;
}

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--run)" },
  { tag: tags.comment, color: "var(--muted)" },
  { tag: [tags.keyword, tags.meta], color: "var(--warn)" },
]);

const mark = StateEffect.define<Span | undefined>();
const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (shown, change) => {
    for (const effect of change.effects) if (effect.is(mark)) return linesOf(change.state, effect.value);
    return shown.map(change.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function linesOf(state: EditorState, span: Span | undefined): DecorationSet {
  if (!span || span.to > state.doc.length) return Decoration.none;
  const [first, last] = [state.doc.lineAt(span.from).number, state.doc.lineAt(Math.max(span.from, span.to - 1)).number];
  const lines: Marked<Decoration>[] = [];
  for (let line = first; line <= last; line += 1) lines.push(Decoration.line({ class: styles.marked ?? "" }).range(state.doc.line(line).from));
  return Decoration.set(lines);
}

const attributes = ({ label, id, describedBy, isInvalid, onChange }: CodeProps): Record<string, string> => ({
  "aria-label": label,
  "aria-readonly": String(!onChange),
  tabindex: "0",
  ...(id && { id }),
  ...(describedBy && { "aria-describedby": describedBy }),
  ...(isInvalid && { "aria-invalid": "true" }),
});

/** YAML, or JSON as a part of it, to read and to edit. Heavy: import it by `Code`. */
export function CodeEditor(props: CodeProps) {
  const { value, problems, marked, isEntered = false, label, id, describedBy, isInvalid, grows = false } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const given = useRef(props);
  const open = useRef(new Compartment());
  const isReadOnly = props.onChange === undefined;
  useEffect(() => {
    given.current = props;
  });

  useEffect(() => {
    if (!host.current) return;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: given.current.value,
        extensions: [
          [lineNumbers(), foldGutter(), lintGutter(), history(), indentOnInput(), bracketMatching(), highlightActiveLine(), highlightSelectionMatches()],
          [yaml(), syntaxHighlighting(colours), marks, EditorView.lineWrapping, open.current.of([])],
          // Tab leads on to what is next on the page; lines are indented by Ctrl-].
          keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...foldKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) given.current.onChange?.(update.state.doc.toString());
            const isUser = update.transactions.some((change) => change.isUserEvent("select"));
            if (isUser && update.selectionSet) given.current.onCursor?.(update.state.selection.main.head);
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    const now = { label, id, describedBy, isInvalid: isInvalid ?? false, value: "", ...(!isReadOnly && { onChange: () => undefined }) };
    const settings = [EditorState.readOnly.of(isReadOnly), EditorView.contentAttributes.of(attributes(now))];
    view.current?.dispatch({ effects: open.current.reconfigure(settings) });
  }, [isReadOnly, label, id, describedBy, isInvalid]);

  useEffect(() => {
    const shown = view.current?.state.doc;
    if (shown && shown.toString() !== value) view.current?.dispatch({ changes: { from: 0, to: shown.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const shown = view.current;
    if (!shown) return;
    const most = shown.state.doc.length;
    const found: Diagnostic[] = (problems ?? []).map(({ from, to, message, severity }) => ({ from: Math.min(from, most), to: Math.min(to, most), message, severity }));
    shown.dispatch(setDiagnostics(shown.state, found));
  }, [problems]);

  const [from, to] = [marked?.from, marked?.to];
  useEffect(() => {
    const span = from === undefined || to === undefined ? undefined : { from, to };
    const shown = view.current;
    if (!shown) return;
    const head = shown.state.selection.main.head;
    // Whoever is in it already is not moved.
    const goes = span && span.to <= shown.state.doc.length && (head < span.from || head > span.to);
    shown.dispatch({
      effects: [mark.of(span), ...(goes ? [EditorView.scrollIntoView(span.from, { y: "start", yMargin: 40 })] : [])],
      ...(goes && { selection: { anchor: span.from } }),
    });
  }, [from, to]);

  useEffect(() => {
    if (isEntered && marked) view.current?.focus();
  }, [isEntered, marked]);

  return <div ref={host} className={`${styles.editor} ${grows ? styles.grows : ""}`} data-invalid={isInvalid || undefined} />;
}
