import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { modelRequests, type Named, renewRequests } from "@/api/modelRequests";
import { markOf } from "@/domain/modelLoad";
import type { RequestFilter } from "@/domain/modelRequest";
import { useLoad } from "../modelLoad/useLoad";

/** The list is asked for anew no more often, in milliseconds. */
const RHYTHM = 1500;
/** As long typing has to rest. */
const TYPING = 1000;

/** The requests that fit, to which new ones come while the first of them are in sight and nobody types. */
export function useRequests({ namespace, name }: Named, filter: RequestFilter) {
  const queries = useQueryClient();
  const server = useMemo(() => ({ namespace, name }), [namespace, name]);
  const list = useInfiniteQuery({ ...modelRequests(server, filter), placeholderData: (before) => before });
  const { load } = useLoad(server);
  const [isTop, setTop] = useState(true);
  const [shown, setShown] = useState(0);
  const typed = useRef(0);
  const told = load && markOf(load);
  const known = useRef(told);
  const renewed = useRef(0);
  const [hasMore, setMore] = useState(false);
  const renew = useCallback(async () => {
    renewed.current = Date.now();
    setMore(false);
    await renewRequests(queries, server, filter);
  }, [queries, server, filter]);

  useEffect(() => {
    if (told === undefined || told === known.current) return;
    const look = () => {
      const rests = typed.current + TYPING - Date.now();
      if (rests > 0) {
        timer = setTimeout(look, rests);
        return;
      }
      known.current = told;
      if (isTop) void renew();
      else setMore(true);
    };
    let timer = setTimeout(look, Math.max(0, renewed.current + RHYTHM - Date.now()));
    return () => clearTimeout(timer);
  }, [told, isTop, renew]);
  const onSight = useCallback(
    (first: number) => {
      setTop(first === 0);
      if (first === 0 && hasMore) void renew();
    },
    [hasMore, renew],
  );

  return {
    list,
    rows: useMemo(() => list.data?.pages.flatMap(({ requests }) => requests) ?? [], [list.data]),
    unkept: list.data?.pages[0]?.unkept ?? 0,
    /** Whether there are new ones above, which are not shown yet. */
    hasMore,
    /** Goes to the newest ones. */
    toNewest: () => {
      setShown((before) => before + 1);
      void renew();
    },
    shown,
    onSight,
    onType: () => void (typed.current = Date.now()),
  };
}
