// What steps wrote, as it comes.

import { LogPages, PAGE } from "@/domain/logPages";
import { get, OWN, Refused, send } from "./client";
import type { LogLines, LogMatches } from "./types";

export interface LogWanted {
  readonly run: string;
  /** All steps when it is left out. */
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  /** Only so many of the last lines of each step. */
  readonly tail?: number | undefined;
  /** Another one is another log, as after a retry. */
  readonly epoch?: string | number | undefined;
  /** Lines are asked for as they come into sight. Only of one attempt, or of a run that is over: others have no order yet. */
  readonly byPage?: boolean | undefined;
}

/** Times that a connection is made anew without anything coming of it, and the first pause before that. */
const TRIES = 5;
const PAUSE = 150;
/** Lines that are looked through at once, so that the page goes on answering. */
const SLICE = 20_000;

const at = (run: string): string => `${OWN}/runs/${encodeURIComponent(run)}/log`;

/** Where a log is to be downloaded from. */
export const logAddress = (run: string, step?: string, attempt?: number): string => {
  const query = new URLSearchParams({ ...(step && { step }), ...(step && attempt && { attempt: String(attempt) }) }).toString();
  return query ? `${at(run)}?${query}` : at(run);
};

/** A log that is read for as long as somebody shows it, as far as it is shown and as it is written. Who shows it is told once a frame. */
export class LogReader {
  text = new LogPages();
  /** `asking` until the workbench answers. */
  state: "asking" | "reading" | "whole" | "broken" = "asking";
  error: Error | undefined;
  /** Changes whenever there is something new. */
  version = 0;
  private stopping: AbortController | undefined;
  private readonly listeners = new Set<() => void>();
  private isTelling = false;
  /** The lines that somebody looks at, by who does. */
  private readonly sights = new Map<string, readonly [first: number, end: number]>();
  private isFilling = false;

  constructor(private readonly wanted: LogWanted) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (!this.stopping) this.again();
    return () => {
      this.listeners.delete(listener);
      // Somebody else may show it in the same moment.
      setTimeout(() => this.listeners.size === 0 && this.stop());
    };
  };

  readonly seen = (): number => this.version;

  /** Reads it from its beginning. */
  readonly again = (): void => {
    this.stop();
    this.text = new LogPages();
    this.state = "asking";
    this.stopping = new AbortController();
    void this.read(this.stopping.signal);
  };

  /** Has the lines be there that somebody looks at. */
  readonly look = (who: string, first: number, end: number): void => {
    this.sights.set(who, [first, end]);
    if (this.stopping) void this.fill(this.stopping.signal);
  };

  /** The lines from `from` on that have a text, as many as are looked at at once, and where to go on. */
  async find(wanted: string, from: number, signal: AbortSignal): Promise<{ readonly lines: readonly number[]; readonly next: number }> {
    const { base, rest, count } = this.text;
    if (from >= base) return { lines: rest.find(wanted, from - base, SLICE).map((line) => line + base), next: Math.min(from + SLICE, count) };
    const { lines, next } = await get<LogMatches>(`${at(this.wanted.run)}-matches`, { ...this.of, text: wanted, from }, signal);
    // What has been written since is looked through as it came.
    return { lines: lines.filter((line) => line < base), next: Math.min(next ?? base, base) };
  }

  /** The first line that was written at or after a time, in milliseconds. */
  async since(time: number, signal: AbortSignal): Promise<number> {
    const { base, rest } = this.text;
    const first = base === 0 ? 0 : (await get<LogLines>(`${at(this.wanted.run)}-lines`, { ...this.of, since: new Date(time).toISOString(), limit: 0 }, signal)).first;
    return first < base ? first : base + rest.firstSince(time);
  }

  private get of() {
    const { step, attempt } = this.wanted;
    return { step, attempt: step ? attempt : undefined };
  }

  private stop(): void {
    this.stopping?.abort();
    this.stopping = undefined;
  }

  /** A connection that breaks is made anew: browsers drop them also when a container's network comes or goes. */
  private async read(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const had = this.text.count;
      try {
        // oxlint-disable-next-line no-await-in-loop -- one connection after the other
        await this.readOnce(signal);
        this.state = "whole";
        break;
      } catch (error) {
        if (signal.aborted) return;
        failures = this.text.count > had ? 1 : failures + 1;
        this.error = error instanceof Error ? error : new Error(String(error));
        if (error instanceof Refused || failures > TRIES) {
          this.state = "broken";
          break;
        }
        // oxlint-disable-next-line no-await-in-loop -- as above
        await new Promise((done) => setTimeout(done, PAUSE * 2 ** failures));
      }
    }
    this.tell();
  }

  private async readOnce(signal: AbortSignal): Promise<void> {
    const { wanted, text } = this;
    if (wanted.byPage && text.count === 0 && (await this.open(signal))) return;
    // What was counted before goes on where it was; anything else is sent from its beginning.
    const from = wanted.byPage && wanted.attempt ? text.count : undefined;
    const query = { format: "lines", ...this.of, tail: wanted.tail, follow: true, from };
    const response = await send("GET", at(wanted.run), { query, signal });
    this.state = "reading";
    this.tell();
    // What is shown stays until what is read anew has come as far.
    const next = from === undefined && text.count > 0 ? new LogPages() : text;
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done && !signal.aborted; part = await reader?.read()) {
      next.rest.append(part.value);
      if (next.count >= this.text.count) this.text = next;
      this.tell();
    }
    this.text = next;
  }

  /** Learns how long the log is; whether that is all there will be. */
  private async open(signal: AbortSignal): Promise<boolean> {
    const { total, over, lines } = await get<LogLines>(`${at(this.wanted.run)}-lines`, { ...this.of, limit: PAGE }, signal);
    this.text.base = total;
    this.text.put(0, lines);
    this.tell();
    void this.fill(signal);
    return over;
  }

  /** Asks for pages until none is missing that somebody looks at, and those around them: one after the other, so that it is the latest. */
  private async fill(signal: AbortSignal): Promise<void> {
    if (this.isFilling) return;
    this.isFilling = true;
    const { text } = this;
    for (let page = this.missing(), failures = 0; page !== undefined && !signal.aborted && failures <= TRIES; page = this.missing()) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one page after the other
        const { lines } = await get<LogLines>(`${at(this.wanted.run)}-lines`, { ...this.of, from: page * PAGE, limit: PAGE }, signal);
        text.put(page, lines);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof Refused) [this.error, this.state] = [error, "broken"];
        failures = error instanceof Refused ? TRIES + 1 : failures + 1;
        // oxlint-disable-next-line no-await-in-loop -- as above
        await new Promise((done) => setTimeout(done, PAUSE * 2 ** failures));
      }
      this.tell();
    }
    this.isFilling = false;
    // It was begun anew meanwhile.
    if (this.stopping && this.stopping.signal !== signal) void this.fill(this.stopping.signal);
  }

  private missing(): number | undefined {
    for (const around of [0, PAGE / 2]) {
      for (const [first, end] of this.sights.values()) {
        const page = this.text.missing(first - around, end + around);
        if (page !== undefined) return page;
      }
    }
    return undefined;
  }

  private tell(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    requestAnimationFrame(() => {
      this.isTelling = false;
      this.version += 1;
      for (const listener of this.listeners) listener();
    });
  }
}
