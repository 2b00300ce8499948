// What a model server was asked and answered, and what is done with it.

import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import type { RequestFilter } from "@/domain/modelRequest";
import { ask, get, OWN } from "./client";
import type { ModelRequestDetail, ModelRequestList, ReplayReport, ReplayRequests } from "./types";

const TOPIC = "model-requests";

/** A model server, as addresses name it. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

export const at = ({ namespace, name }: Named, what: string): string => `${OWN}/model-servers/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/${what}`;

/** Newest first, page by page. */
export const modelRequests = (server: Named, filter: RequestFilter) =>
  infiniteQueryOptions({
    queryKey: [TOPIC, server.namespace, server.name, "list", filter],
    queryFn: ({ pageParam, signal }) => get<ModelRequestList>(at(server, "requests"), { ...filter, page_size: 100, page_token: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token ?? undefined,
    refetchOnMount: "always",
  });

/** One of them with both bodies, which never change. */
export const modelRequest = (server: Named, number: number) =>
  queryOptions({
    queryKey: [TOPIC, server.namespace, server.name, number],
    queryFn: ({ signal }) => get<ModelRequestDetail>(at(server, `requests/${number}`), {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Asks for the newest anew; what had been scrolled to is asked for when it comes into sight again. */
export async function renewRequests(queries: QueryClient, server: Named, filter: RequestFilter): Promise<void> {
  const { queryKey } = modelRequests(server, filter);
  queries.setQueryData(queryKey, (known) => known && { pages: known.pages.slice(0, 1), pageParams: known.pageParams.slice(0, 1) });
  await queries.invalidateQueries({ queryKey, exact: true });
}

export async function forgetRequests(queries: QueryClient, server: Named): Promise<number> {
  const { forgotten } = await ask<{ forgotten: number }>("DELETE", at(server, "requests"));
  queries.removeQueries({ queryKey: replayed(server).queryKey });
  await queries.invalidateQueries({ queryKey: [TOPIC, server.namespace, server.name] });
  return forgotten;
}

/** The numbers of those that fit, newest first. */
export const fittingNumbers = async (server: Named, filter: RequestFilter, most: number, signal: AbortSignal): Promise<readonly number[]> =>
  (await get<ModelRequestList>(at(server, "requests"), { ...filter, page_size: most }, signal)).requests.map(({ number }) => number);

export const sendAgain = (server: Named, wanted: ReplayRequests, signal: AbortSignal): Promise<ReplayReport> => ask<ReplayReport>("POST", at(server, "replay"), { body: wanted, signal });

/** What was sent again last, and what came of it. */
export interface Replay {
  readonly wanted: ReplayRequests;
  readonly report: ReplayReport;
  readonly at: string;
}

/** It is put there by whoever sends them, and asks for nothing itself. */
export const replayed = ({ namespace, name }: Named) =>
  queryOptions<Replay>({ queryKey: ["model-replay", namespace, name], enabled: false, staleTime: Number.POSITIVE_INFINITY, gcTime: 60 * 60_000 });
