import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { ask, OWN } from "@/api/client";
import { CLAIMS, NOTEBOOKS, PODS, remove } from "@/api/kube";
import { kubeObjects, volumes as volumesQuery } from "@/api/queries";
import { useRemove } from "@/components/Undo";
import type { Claim, Notebook, Pod } from "@/domain/kinds";
import { type VolumeRow, volumeRows } from "@/domain/volume";

export const removalKey = (key: string): string => `volumes/${key}`;

/** All volumes, each with who uses it. */
export function useVolumes() {
  const volumes = useQuery(volumesQuery());
  const claims = useQuery(kubeObjects<Claim>(CLAIMS));
  const notebooks = useQuery(kubeObjects<Notebook>(NOTEBOOKS));
  const pods = useQuery(kubeObjects<Pod>(PODS));
  const rows = useMemo(
    () => volumes.data && claims.data && volumeRows(volumes.data, claims.data, notebooks.data ?? [], pods.data ?? []),
    [volumes.data, claims.data, notebooks.data, pods.data],
  );
  return { rows, error: volumes.error ?? claims.error };
}

export function useRemoveVolume(): (row: VolumeRow) => void {
  const queries = useQueryClient();
  const later = useRemove();
  return ({ key, namespace, name, isClaim }) =>
    later(removalKey(key), `Deleted volume ${name} with what is in it`, async () => {
      await (isClaim ? remove(CLAIMS, namespace, name) : ask("DELETE", `${OWN}/volumes/${encodeURIComponent(name)}`));
      await queries.invalidateQueries({ queryKey: [CLAIMS.plural] });
    });
}
