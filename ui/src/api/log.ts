// What steps wrote, as it comes.

import { LogText } from "@/domain/logText";
import { OWN, send } from "./client";

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

const at = (run: string): string => `${OWN}/runs/${encodeURIComponent(run)}/log`;

/** Where a log is to be downloaded from. */
export const logAddress = (run: string, step?: string, attempt?: number): string => {
  const query = new URLSearchParams({ ...(step && { step }), ...(step && attempt && { attempt: String(attempt) }) }).toString();
  return query ? `${at(run)}?${query}` : at(run);
};

/** A log that is read for as long as somebody shows it, to its end or as it is written. Who shows it is told once a frame. */
export class LogReader {
  text = new LogText();
  state: "reading" | "whole" | "broken" = "reading";
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
    this.state = "reading";
    this.stopping = new AbortController();
    void this.read(this.stopping.signal);
  };

  private stop(): void {
    this.stopping?.abort();
    this.stopping = undefined;
  }

  private async read(signal: AbortSignal): Promise<void> {
    const { run, step, attempt, tail } = this.wanted;
    try {
      const query = { format: "lines", step, attempt: step ? attempt : undefined, tail, follow: true };
      const response = await send("GET", at(run), { query, signal });
      const reader = response.body?.getReader();
      for (let part = await reader?.read(); part && !part.done && !signal.aborted; part = await reader?.read()) {
        this.text.append(part.value);
        this.tell();
      }
      this.state = "whole";
    } catch (error) {
      if (signal.aborted) return;
      this.state = "broken";
      this.error = error instanceof Error ? error : new Error(String(error));
    }
    this.tell();
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
