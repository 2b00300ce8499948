import { Fragment, memo } from "react";
import { pieces, plain } from "@/domain/logAnsi";
import { settled } from "@/domain/logText";
import styles from "./Log.module.css";

/** More of one line than this nobody reads here; the download has it. */
const LONGEST = 4000;

/** A line's text with its colours, or with what is searched for marked. */
export const LineText = memo(function LineText({ text, find }: { readonly text: string; readonly find: string }) {
  const shown = settled(text);
  const cut = shown.length > LONGEST ? `${shown.slice(0, LONGEST)} … ${shown.length - LONGEST} more characters` : shown;
  if (find !== "") return <Marked text={plain(cut)} find={find} />;
  return pieces(cut).map((piece, index) =>
    piece.ink || piece.isBold || piece.isFaint ? (
      <span
        key={index}
        className={piece.isFaint && !piece.ink ? styles.faint : undefined}
        style={{ ...(piece.ink && { color: `var(--${piece.ink})` }), ...(piece.isBold && { fontWeight: 700 }) }}
      >
        {piece.text}
      </span>
    ) : (
      <Fragment key={index}>{piece.text}</Fragment>
    ),
  );
});

function Marked({ text, find }: { readonly text: string; readonly find: string }) {
  const lower = text.toLowerCase();
  const wanted = find.toLowerCase();
  const parts: React.ReactNode[] = [];
  let at = 0;
  for (let hit = lower.indexOf(wanted); hit >= 0; hit = lower.indexOf(wanted, at)) {
    parts.push(text.slice(at, hit), <mark key={hit}>{text.slice(hit, hit + wanted.length)}</mark>);
    at = hit + wanted.length;
  }
  return [...parts, text.slice(at)];
}
