import { useQueryClient } from "@tanstack/react-query";
import { KFP, OWN, send } from "@/api/client";
import type { RunSummary } from "@/api/types";
import { useToasts } from "@/components/Toasts";
import { useRemove } from "@/components/Undo";
import { isOver } from "@/domain/state";
import { leavingKey } from "./leaving";

/** How many requests are under way at once. */
const AT_ONCE = 8;

const kfp = (id: string, action = "") => `${KFP}/runs/${encodeURIComponent(id)}${action}`;
const own = (id: string, action: string) => `${OWN}/runs/${encodeURIComponent(id)}${action}`;

/** `1 run`, `3 runs`. */
const counted = (runs: readonly RunSummary[]): string => (runs.length === 1 ? (runs[0]?.display_name ?? "1 run") : `${runs.length} runs`);

export const canStop = (run: RunSummary): boolean => !isOver(run.state) && run.state !== "CANCELING";
export const canRetry = (run: RunSummary): boolean => run.state === "FAILED";

/** What can be done to runs, one or many. Each says what it did, with a way back where there is one. */
export function useRunActions() {
  const queries = useQueryClient();
  const { say, fail } = useToasts();
  const remove = useRemove();

  const each = async (runs: readonly RunSummary[], act: (run: RunSummary) => Promise<unknown>, atOnce = AT_ONCE): Promise<boolean> => {
    const failures: unknown[] = [];
    for (let begin = 0; begin < runs.length; begin += atOnce) {
      const part = await Promise.allSettled(runs.slice(begin, begin + atOnce).map(act));
      failures.push(...part.flatMap((result) => (result.status === "rejected" ? [result.reason] : [])));
    }
    failures.slice(0, 1).forEach(fail);
    // What is put aside is no event of a run, so its own page is not told.
    await Promise.all(runs.map((run) => queries.invalidateQueries({ queryKey: ["run", run.run_id] })));
    return failures.length < runs.length;
  };
  const keep = (runs: readonly RunSummary[], archived: boolean) => each(runs, (run) => send("POST", kfp(run.run_id, archived ? ":archive" : ":unarchive")));

  return {
    archive: async (runs: readonly RunSummary[]) => {
      if (await keep(runs, true)) say(`Archived ${counted(runs)}`, { label: "Undo", run: () => void keep(runs, false) });
    },
    restore: async (runs: readonly RunSummary[]) => {
      if (await keep(runs, false)) say(`Restored ${counted(runs)}`, { label: "Undo", run: () => void keep(runs, true) });
    },
    stop: async (runs: readonly RunSummary[]) => {
      if (await each(runs, (run) => send("POST", own(run.run_id, ":cancel")))) say(`Stopping ${counted(runs)}`);
    },
    retry: async (runs: readonly RunSummary[]) => {
      if (await each(runs, (run) => send("POST", own(run.run_id, ":retry")))) say(`Began ${counted(runs)} again where it failed`);
    },
    remove: (runs: readonly RunSummary[]) =>
      remove(
        leavingKey(runs.map((run) => run.run_id)),
        `Deleted ${counted(runs)}`,
        (isLeaving) => each(runs, (run) => send("DELETE", kfp(run.run_id)), isLeaving ? runs.length : AT_ONCE),
      ),
  };
}

export type RunActions = ReturnType<typeof useRunActions>;
