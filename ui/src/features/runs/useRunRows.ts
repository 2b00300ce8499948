import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { RUNS_PAGE, type RunsPage, runsPage } from "@/api/queries";
import type { RunSummary } from "@/api/types";
import { useRemoved } from "@/components/Undo";
import { leavingRuns } from "./leaving";

type Query = Parameters<typeof runsPage>[0];

/** All rows of the table of runs, of which those in sight are known, and asked for again when something changes. */
export function useRunRows(query: Query) {
  const [sight, setSight] = useState({ first: 0, last: 0 });
  const beginning = useQuery({ ...runsPage(query, 0), placeholderData: keepPreviousData });
  const pages = pagesFrom(sight.first, sight.last);
  const others = useQueries({
    queries: pages.map((page) => runsPage(query, page)),
    combine: (results) => results.map((result) => result.data),
  });
  const gone = useRemoved();
  const rows = useMemo(() => {
    const known = new Map<number, RunsPage | undefined>([[0, beginning.data], ...pages.map((page, index) => [page, others[index]] as const)]);
    const all: (RunSummary | undefined)[] = Array.from({ length: beginning.data?.total ?? 0 }, (_, index) => known.get(Math.floor(index / RUNS_PAGE))?.runs[index % RUNS_PAGE]);
    const leaving = leavingRuns(gone);
    return leaving.size === 0 ? all : all.filter((run) => !run || !leaving.has(run.run_id));
    // The pages are told by what they hold.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [beginning.data, others, gone]);
  const onSight = useCallback(
    (first: number, last: number) => setSight((before) => (sameSight(before, first, last) ? before : { first, last })),
    [],
  );
  return { rows, total: beginning.data?.total, isPending: beginning.isPending, error: beginning.data ? null : beginning.error, onSight };
}

const pageOf = (row: number): number => Math.floor(row / RUNS_PAGE);

const sameSight = (before: { first: number; last: number }, first: number, last: number): boolean =>
  pageOf(before.first) === pageOf(first) && pageOf(before.last) === pageOf(last);

/** The pages in sight, except the first one, which is always known. */
function pagesFrom(first: number, last: number): readonly number[] {
  return Array.from({ length: pageOf(last) - pageOf(first) + 1 }, (_, index) => pageOf(first) + index).filter((page) => page > 0);
}
