import { useQueryClient } from "@tanstack/react-query";
import { ask, OWN } from "@/api/client";
import { useRemove } from "@/components/Undo";
import { base64 } from "@/domain/base64";
import type { Pair } from "@/components/Pairs";

export type ConfigKind = "secrets" | "config-maps";

export const NOUN: Record<ConfigKind, string> = { secrets: "Secret", "config-maps": "Config map" };

const at = (kind: ConfigKind, name: string) => `${OWN}/${kind}/${encodeURIComponent(name)}`;

/** Makes it, or replaces the one of that name as a whole. */
export const putConfig = (kind: ConfigKind, name: string, pairs: readonly Pair[]) =>
  ask("PUT", at(kind, name), { body: { data: Object.fromEntries(pairs.map((pair) => [pair.name, base64(pair.value)])) } });

export const removalKey = (kind: ConfigKind, name: string): string => `${kind}/${name}`;

export function useRemoveConfig(): (kind: ConfigKind, name: string) => void {
  const queries = useQueryClient();
  const remove = useRemove();
  return (kind, name) =>
    remove(removalKey(kind, name), `Deleted ${NOUN[kind].toLowerCase()} ${name}`, async () => {
      await ask("DELETE", at(kind, name));
      await queries.invalidateQueries({ queryKey: [kind] });
    });
}
