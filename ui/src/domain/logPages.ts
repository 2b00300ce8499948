// The lines of a log that may be very long: those that were there when it was opened by page, as far as somebody looks at
// them, and those that were written since.

import { type LogLine, LogText } from "./logText";

/** Lines of a page. */
export const PAGE = 500;
/** Pages that are kept; those that were not asked for the longest go first. */
const KEPT = 60;

export class LogPages {
  /** How many lines there were when it was opened. */
  base = 0;
  /** What was written since. */
  rest = new LogText();
  private readonly pages = new Map<number, readonly LogLine[]>();
  private readonly read = new Map<number, LogLine | undefined>();

  get count(): number {
    return this.base + this.rest.count;
  }

  /** A line, where it is known; the same one each time while it is looked at. */
  line(index: number): LogLine | undefined {
    if (index < this.base) return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
    if (index >= this.count) return undefined;
    if (!this.read.has(index)) {
      if (this.read.size >= PAGE) this.read.clear();
      this.read.set(index, this.rest.line(index - this.base));
    }
    return this.read.get(index);
  }

  /** The first page that is not known of those that have the lines from `first` up to `end`. The others are kept longer. */
  missing(first: number, end: number): number | undefined {
    const last = Math.floor((Math.min(end, this.base) - 1) / PAGE);
    for (let page = Math.floor(Math.max(0, first) / PAGE); page <= last; page += 1) {
      const lines = this.pages.get(page);
      if (!lines) return page;
      this.put(page, lines);
    }
    return undefined;
  }

  put(page: number, lines: readonly LogLine[]): void {
    this.pages.delete(page);
    this.pages.set(page, lines);
    if (this.pages.size > KEPT) for (const oldest of [...this.pages.keys()].slice(0, this.pages.size - KEPT)) this.pages.delete(oldest);
  }
}
