// How far what a model server is asked is from its training data, and how right it is.

import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { ask, get } from "./client";
import { at, type Named } from "./modelRequests";
import type { ModelDrift } from "./types";

// Of its own, so that it is looked at when somebody asks for it: it reads thousands of requests.
const TOPIC = "model-drift";

const key = ({ namespace, name }: Named) => [TOPIC, namespace, name];

export const modelDrift = (server: Named) =>
  queryOptions({
    queryKey: key(server),
    queryFn: ({ signal }) => get<ModelDrift>(at(server, "drift"), {}, signal),
    refetchOnMount: "always",
  });

/** Makes the profile that requests are compared with, of a table with the training data, in place of the one before. */
export async function putProfile(queries: QueryClient, server: Named, file: File, target: string): Promise<void> {
  const isJson = file.name.toLowerCase().endsWith(".json");
  const form = new Blob([file], { type: isJson ? "application/json" : "text/csv" });
  await ask("PUT", at(server, "profile"), { form, query: { target } });
  await queries.invalidateQueries({ queryKey: key(server) });
}
