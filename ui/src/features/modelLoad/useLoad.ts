import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { followLoad, modelLoad } from "@/api/modelLoad";
import type { Named } from "@/api/modelRequests";
import type { Load } from "@/domain/modelLoad";

/** How much a server has to do, as long as this is shown. */
export function useLoad({ namespace, name }: Named): { readonly load: Load | undefined; readonly isLost: boolean } {
  const queries = useQueryClient();
  const [isLost, setLost] = useState(false);
  const { data: load } = useQuery(modelLoad({ namespace, name }));
  useEffect(() => followLoad(queries, { namespace, name }, setLost), [queries, namespace, name]);
  return { load, isLost };
}
