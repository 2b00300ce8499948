import type { RecurringRun } from "@/api/kfp";
import type { RecurringStatus } from "@/api/types";
import type { Shown } from "@/domain/state";

/** How a recurring run stands: what it waits for is said beside it. */
export function shownRecurring(run: RecurringRun, status: RecurringStatus | undefined): { readonly shown: Shown; readonly reason?: string | undefined } {
  if (run.status === "DISABLED") return { shown: { tone: "skip", icon: "moon", word: "Paused" } };
  const reason = status?.waits_for ?? undefined;
  if (reason) return { shown: { tone: "warn", icon: "clock", word: "Waiting" }, reason };
  if (status && !status.next_at) return { shown: { tone: "skip", icon: "check", word: "Over" } };
  return { shown: { tone: "ok", icon: "clock", word: "Scheduled" } };
}
