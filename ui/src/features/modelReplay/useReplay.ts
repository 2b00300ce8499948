import { useIsMutating, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { fittingNumbers, type Named, replayed, sendAgain } from "@/api/modelRequests";
import type { ReplayRequests } from "@/api/types";
import type { RequestFilter } from "@/domain/modelRequest";

export interface Order {
  readonly wanted: ReplayRequests;
  /** Of these, so many of the last, where the workbench cannot choose them itself. */
  readonly fitting?: { readonly filter: RequestFilter; readonly most: number } | undefined;
}

/** Sends requests again. What came of it stays while one looks elsewhere. */
export function useReplay(server: Named) {
  const queries = useQueryClient();
  const stopping = useRef<AbortController>(undefined);
  const key = replayed(server).queryKey;
  const { data: replay } = useQuery(replayed(server));
  const send = useMutation({
    mutationKey: key,
    mutationFn: async ({ wanted, fitting }: Order) => {
      stopping.current = new AbortController();
      const { signal } = stopping.current;
      const whole = fitting ? { ...wanted, numbers: await fittingNumbers(server, fitting.filter, fitting.most, signal) } : wanted;
      return { wanted: whole, report: await sendAgain(server, whole, signal), at: new Date().toISOString() };
    },
    onSuccess: (done) => void queries.setQueryData(key, done),
  });
  const isSending = useIsMutating({ mutationKey: key }) > 0;
  return { replay, isSending, error: send.error?.name === "AbortError" ? null : send.error, send: send.mutate, stop: send.isPending ? () => stopping.current?.abort() : undefined };
}
