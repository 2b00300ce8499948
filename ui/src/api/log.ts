// What steps wrote, as it comes.

import { LogText } from "@/domain/logText";
import { OWN, Refused, send } from "./client";

export interface LogWanted {
  readonly run: string;
  /** All steps when it is left out. */
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  /** Only so many of the last lines of each step. */
  readonly tail?: number | undefined;
  /** Another one is another log, as after a retry. */
  readonly epoch?: string | number | undefined;
}

/** Times that a connection is made anew without anything coming of it, and the first pause before that. */
const TRIES = 5;
const PAUSE = 150;

const at = (run: string): string => `${OWN}/runs/${encodeURIComponent(run)}/log`;

/** Where a log is to be downloaded from. */
export const logAddress = (run: string, step?: string, attempt?: number): string => {
  const query = new URLSearchParams({ ...(step && { step }), ...(step && attempt && { attempt: String(attempt) }) }).toString();
  return query ? `${at(run)}?${query}` : at(run);
};

/** A log that is read for as long as somebody shows it, to its end or as it is written. Who shows it is told once a frame. */
export class LogReader {
  text = new LogText();
  /** `asking` until the workbench answers. */
  state: "asking" | "reading" | "whole" | "broken" = "asking";
  error: Error | undefined;
  /** Changes whenever there is something new. */
  version = 0;
  private stopping: AbortController | undefined;
  private readonly listeners = new Set<() => void>();
  private isTelling = false;

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
    this.text = new LogText();
    this.state = "asking";
    this.stopping = new AbortController();
    void this.read(this.stopping.signal);
  };

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
    const { run, step, attempt, tail } = this.wanted;
    const query = { format: "lines", step, attempt: step ? attempt : undefined, tail, follow: true };
    const response = await send("GET", at(run), { query, signal });
    this.state = "reading";
    this.tell();
    // What is shown stays until what is read anew has come as far.
    const text = this.text.count === 0 ? this.text : new LogText();
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done && !signal.aborted; part = await reader?.read()) {
      text.append(part.value);
      if (text.count >= this.text.count) this.text = text;
      this.tell();
    }
    this.text = text;
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
