// The text of a log: bytes as they came and where each line begins. A line becomes a string when somebody looks at it,
// so a million of them cost no more than their bytes.

export interface LogLine {
  readonly step: string;
  readonly attempt: number;
  readonly stream: "stdout" | "stderr";
  readonly at: string;
  readonly text: string;
}

const LINE_END = 10;
const BLOCK = 4 * 1024 * 1024;
/** What stands before the text in a line as it is sent. */
const TEXT = '"text":"';

interface Block {
  readonly bytes: Uint8Array;
  used: number;
  /** Where its lines end, each after the byte before. */
  readonly ends: number[];
  readonly first: number;
}

export class LogText {
  private readonly blocks: Block[] = [];
  private readonly decoder = new TextDecoder();
  /** How many lines are whole. */
  count = 0;

  append(given: Uint8Array): void {
    let rest = given;
    while (rest.length > 0) {
      const block = this.room(rest.length);
      const part = rest.subarray(0, block.bytes.length - block.used);
      block.bytes.set(part, block.used);
      for (let at = part.indexOf(LINE_END); at >= 0; at = part.indexOf(LINE_END, at + 1)) {
        block.ends.push(block.used + at);
        this.count += 1;
      }
      block.used += part.length;
      rest = rest.subarray(part.length);
    }
  }

  /** A block with room; a line that is not whole moves on into a new one, so that no line is in two. */
  private room(wanted: number): Block {
    const last = this.blocks.at(-1);
    if (last && last.used < last.bytes.length) return last;
    const begun = last ? last.bytes.subarray((last.ends.at(-1) ?? -1) + 1, last.used) : new Uint8Array();
    const block: Block = { bytes: new Uint8Array(Math.max(BLOCK, begun.length + wanted)), used: begun.length, ends: [], first: this.count };
    block.bytes.set(begun);
    if (last) last.used -= begun.length;
    this.blocks.push(block);
    return block;
  }

  private blockOf(index: number): Block | undefined {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.blocks[middle]?.first ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return this.blocks[low];
  }

  /** A line as it was sent. */
  raw(index: number): string {
    const block = this.blockOf(index);
    if (!block || index < 0 || index >= this.count) return "";
    const at = index - block.first;
    return this.decoder.decode(block.bytes.subarray(at === 0 ? 0 : (block.ends[at - 1] ?? -1) + 1, block.ends[at]));
  }

  line(index: number): LogLine | undefined {
    return parseLine(this.raw(index));
  }

  /** The lines from `from` on that have a text, at most `many` of them looked at. Letters' sizes do not matter. */
  find(wanted: string, from: number, many: number): number[] {
    const coded = JSON.stringify(wanted).slice(1, -1).toLowerCase();
    const found: number[] = [];
    const end = Math.min(this.count, from + many);
    for (let index = from; index < end; index += 1) {
      const raw = this.raw(index);
      if (raw.toLowerCase().includes(coded, raw.indexOf(TEXT) + TEXT.length)) found.push(index);
    }
    return found;
  }

  /** The first line that was written at or after a time, in milliseconds. */
  firstSince(time: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Date.parse(this.line(middle)?.at ?? "") < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function parseLine(raw: string): LogLine | undefined {
  try {
    return JSON.parse(raw) as LogLine;
  } catch {
    return undefined;
  }
}

/** What a terminal would show of a line in which a progress bar wrote over itself. */
export function settled(text: string): string {
  if (!text.includes("\r")) return text;
  const parts = text.split("\r").filter((part) => part !== "");
  return parts.at(-1) ?? "";
}
