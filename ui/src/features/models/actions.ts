// What can be done with a model server.

import { useQueryClient } from "@tanstack/react-query";
import { INFERENCE_SERVICES, patch, remove } from "@/api/kube";
import type { ModelServer } from "@/api/types";
import { useToasts } from "@/components/Toasts";
import { useRemove } from "@/components/Undo";
import { canary, serverKey, stopped } from "@/domain/modelServer";

export const removalKey = (key: string): string => `${INFERENCE_SERVICES.plural}/${key}`;

export function useServerActions() {
  const queries = useQueryClient();
  const removeLater = useRemove();
  const { fail, say } = useToasts();
  const change = async ({ namespace, name }: ModelServer, to: unknown) => {
    await patch(INFERENCE_SERVICES, namespace, name, to);
    await queries.invalidateQueries({ queryKey: ["model-servers"] });
  };
  const split = (server: ModelServer, percent: number | null) => change(server, canary(percent));
  return {
    start: (server: ModelServer) => void change(server, stopped(false)).catch(fail),
    stop: (server: ModelServer) => void change(server, stopped(true)).catch(fail),
    /** Resolves once it is asked for, whether it was taken or not. */
    give: (server: ModelServer, percent: number) => split(server, percent).catch(fail),
    promote: (server: ModelServer) =>
      void split(server, null).then(() => say(`${server.name} answers by its newest revision alone`, { label: "Undo", run: () => void split(server, server.canary_percent ?? null).catch(fail) }), fail),
    rollBack: (server: ModelServer) =>
      void split(server, 0).then(() => say(`${server.name} answers as before`, { label: "Undo", run: () => void split(server, server.canary_percent ?? null).catch(fail) }), fail),
    drop: (server: ModelServer, onUndo?: () => void) =>
      removeLater(
        removalKey(serverKey(server)),
        `Deleted model server ${server.name}; its model stays`,
        async () => {
          await remove(INFERENCE_SERVICES, server.namespace, server.name);
          await queries.invalidateQueries({ queryKey: ["model-servers"] });
        },
        onUndo,
      ),
  };
}
