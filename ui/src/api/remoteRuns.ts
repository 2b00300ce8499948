// Pipelines that run on clusters, and what is heard of them.

import { queryOptions } from "@tanstack/react-query";
import { ask, get, OWN } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type RemoteRun = Schemas["RemoteRun"];
export type RemoteState = Schemas["RemoteState"];
export type RemotePlace = Schemas["RemotePlace"];
export type RemoteEvent = Schemas["RemoteEvent"];
export type RemoteNews = Schemas["RemoteNews"];
export type CreateRemoteRun = Schemas["CreateRemoteRun"];
export type CreatedRemoteRun = Schemas["CreatedRemoteRun"];
export type RemoteRecurrence = Schemas["RemoteRecurrence"];

const ROOT = `${OWN}/clusters/runs`;
const at = (run: string, part = ""): string => `${ROOT}/${encodeURIComponent(run)}${part}`;

/** All that was sent to clusters, the newest first. */
export const remoteRuns = () =>
  queryOptions({
    queryKey: ["remote-runs"],
    queryFn: async ({ signal }) => (await get<Schemas["RemoteRunList"]>(ROOT, {}, signal)).runs,
  });

/** A run on a cluster, as it was seen last. */
export const remoteRun = (run: string) => queryOptions({ queryKey: ["remote-runs", run], queryFn: ({ signal }) => get<RemoteRun>(at(run), {}, signal) });

/** All that was heard of a run. While that is nothing yet, the answer takes its time. */
export const remoteEvents = (run: string) =>
  queryOptions({
    queryKey: ["remote-runs", run, "events"],
    queryFn: async ({ signal }) => (await get<Schemas["RemoteEvents"]>(at(run, "/events"), { after: 0 }, signal)).events,
  });

/** Has a pipeline run on a cluster. An equal wish that is still open is that run. */
export const createRemoteRun = (body: CreateRemoteRun) => ask<CreatedRemoteRun>("POST", ROOT, { body });

/** Asks the server of a run to stop it, with the context's name once more where that is protected. */
export const cancelRemoteRun = (run: string, confirm: string | null) => ask<undefined>("POST", at(run, "/cancel"), { body: { confirm } });

/** Another token for the server of a run. */
export const putRemoteToken = (run: string, token: string) => ask<undefined>("PUT", at(run, "/token"), { body: { token } });
