// Colours that programs write into their output, as names of our own tokens.

export type Ink = "fail" | "ok" | "warn" | "run" | "accent" | "skip";

export interface Piece {
  readonly text: string;
  readonly ink?: Ink;
  readonly isBold?: boolean;
  readonly isFaint?: boolean;
}

const INKS: readonly (Ink | undefined)[] = ["skip", "fail", "ok", "warn", "run", "accent", "accent", undefined];
// eslint-disable-next-line no-control-regex -- it is control characters that are looked for
const SEQUENCE = /\u001b(?:\[([0-9;:?]*)([A-Za-z])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()][A-Z0-9]|.)/g;

/** A line in pieces of one look; every other sequence is left out. */
export function pieces(text: string): readonly Piece[] {
  if (!text.includes("\u001b")) return [{ text }];
  const found: Piece[] = [];
  let look: Omit<Piece, "text"> = {};
  let at = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index), ...look });
    at = match.index + match[0].length;
    if (match[2] === "m") look = changed(look, match[1] ?? "");
  }
  if (at < text.length) found.push({ text: text.slice(at), ...look });
  return found;
}

/** A line without its colours. */
export const plain = (text: string): string => (text.includes("\u001b") ? text.replaceAll(SEQUENCE, "") : text);

function changed(look: Omit<Piece, "text">, codes: string): Omit<Piece, "text"> {
  let now = { ...look };
  const numbers = codes.split(/[;:]/).map(Number);
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index] ?? 0;
    if (code === 0) now = {};
    else if (code === 1) now = { ...now, isBold: true };
    else if (code === 2) now = { ...now, isFaint: true };
    else if (code === 22) now = without(now, "isBold", "isFaint");
    else if (code === 39) now = without(now, "ink");
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) now = inked(now, INKS[code % 10]);
    else if (code === 38 || code === 48) {
      const colour = numbers[index + 2] ?? 7;
      // Of 256 colours the first sixteen are the named ones; a colour of its own gets none of ours.
      if (code === 38) now = inked(now, numbers[index + 1] === 5 && colour < 16 ? INKS[colour % 8] : undefined);
      index += numbers[index + 1] === 2 ? 4 : 2;
    }
  }
  return now;
}

const inked = (look: Omit<Piece, "text">, ink: Ink | undefined): Omit<Piece, "text"> => (ink ? { ...look, ink } : without(look, "ink"));

function without(look: Omit<Piece, "text">, ...names: (keyof Piece)[]): Omit<Piece, "text"> {
  return Object.fromEntries(Object.entries(look).filter(([name]) => !names.includes(name as keyof Piece)));
}
