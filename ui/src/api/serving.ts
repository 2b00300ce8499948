// Model servers: what the workbench tells of them, and what they answer themselves.

import { queryOptions } from "@tanstack/react-query";
import type { TensorMetadata } from "@/domain/tensor";
import { askServer, get, Offline, OWN, Refused, send } from "./client";
import { path, PODS } from "./kube";
import type { ModelServer } from "./types";

const TOPIC = "model-servers";

export const modelServers = () =>
  queryOptions({
    queryKey: [TOPIC],
    queryFn: async ({ signal }) => (await get<{ model_servers: readonly ModelServer[] }>(`${OWN}/model-servers`, {}, signal)).model_servers,
  });

export const modelServer = (namespace: string, name: string) =>
  queryOptions({
    queryKey: [TOPIC, namespace, name],
    queryFn: ({ signal }) => get<ModelServer>(`${OWN}/model-servers/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`, {}, signal),
  });

/** The last lines that a container wrote; those of the try before where this one has not begun. */
export const lastLines = (namespace: string, pod: string, container: string, restarts: number, hasBegun: boolean) =>
  queryOptions({
    queryKey: ["last-lines", namespace, pod, container, restarts, hasBegun],
    queryFn: async ({ signal }) => {
      const query = { container, tailLines: 12, previous: !hasBegun && restarts > 0 };
      return (await send("GET", path(PODS, namespace, pod, "log"), { query, signal })).text();
    },
    retry: false,
  });

/** What a model says of itself by the open inference protocol. */
export interface ModelMetadata {
  readonly name: string;
  readonly platform?: string;
  readonly inputs?: readonly TensorMetadata[];
  readonly outputs?: readonly TensorMetadata[];
}

/** It is asked once for each revision: it may take a server that sleeps to answer. */
export const modelMetadata = (server: ModelServer, model: string) =>
  queryOptions({
    queryKey: ["model-metadata", server.path, model, server.parts[0]?.revisions[0]?.name],
    queryFn: async ({ signal }): Promise<ModelMetadata> => {
      const answer = await askModel(server.path, { method: "GET", path: `/v2/models/${encodeURIComponent(model)}` }, signal);
      const read = jsonOf(answer.text) as ModelMetadata | undefined;
      if (answer.status === 200 && Array.isArray(read?.inputs)) return read;
      throw new Refused(`\`GET /v2/models/${model}\` was answered with ${answer.status}`, answer.status, "no_metadata");
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What is asked of a model, below the path of its server. */
export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

export interface ModelAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly milliseconds: number;
  readonly text: string;
}

/** Asks a model and says how long it took to answer. */
export async function askModel(server: string, call: Call, signal: AbortSignal): Promise<ModelAnswer> {
  const began = performance.now();
  const response = await askServer(call.method, server + call.path, call.body, signal);
  const text = await response.text().catch(() => {
    throw new Offline();
  });
  return { status: response.status, statusText: response.statusText, milliseconds: performance.now() - began, text };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
