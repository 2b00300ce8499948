import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Search, Ship, Undo2 } from "lucide-react";
import { useState } from "react";
import { clusterContexts, deployObjects, previewDeployment, rollbackDeployment } from "@/api/clusters";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { deploymentName } from "@/domain/deployment";
import styles from "@/features/clusters/Clusters.module.css";
import { Outcomes } from "@/features/clusters/Outcomes";
import { type Place, PlaceForm } from "@/features/clusters/PlaceForm";
import { Previewed } from "@/features/clusters/Previewed";

/** Sends an object of the workbench to a cluster: what would change is shown first. */
export function Deploy() {
  const { what = "", namespace = "default" } = useSearch({ from: "/deploy" });
  const { data, error } = useQuery(clusterContexts());
  const [chosen, setChosen] = useState<Place>();
  const usable = data?.contexts.filter(({ is_usable }) => is_usable) ?? [];
  const first = usable.find(({ is_current }) => is_current) ?? usable[0];
  const place = chosen ?? { context: first?.name ?? "", namespace: "", confirm: "" };
  const name = deploymentName(what);
  const where = { context: place.context, deployment: name, ...(place.namespace && { namespace: place.namespace }), ...(place.confirm && { confirm: place.confirm }) };
  const request = { place: where, sources: { objects: [what], namespace } };
  const look = useMutation({ mutationFn: () => previewDeployment(request) });
  const send = useMutation({ mutationFn: () => deployObjects(request), onSuccess: () => look.reset() });
  const back = useMutation({ mutationFn: () => rollbackDeployment(where), onSuccess: () => look.reset() });
  const change = (next: Place) => {
    setChosen(next);
    for (const asked of [look, send, back]) asked.reset();
  };
  const isBusy = look.isPending || send.isPending || back.isPending;
  const problem = look.error ?? send.error ?? back.error;
  const deployed = back.data ?? send.data;
  const command = `coracle deploy ${what} --context ${place.context}${place.namespace ? ` -n ${place.namespace}` : ""}`;
  return (
    <Page title={`Send ${name} to a cluster`} answer={`${what} as it runs here; what would change is shown before anything is sent`} actions={<CopyAs texts={[{ label: "command", text: command }]} />}>
      {error && !data ? (
        <Trouble error={error} />
      ) : !data ? (
        <Skeleton rows={6} />
      ) : usable.length === 0 ? (
        <Empty title="No cluster to send it to">
          The kubeconfig has no context that can be used: that of <code>KUBECONFIG</code>, or <code>~/.kube/config</code>.
        </Empty>
      ) : (
        <div className={styles.deploy}>
          <PlaceForm contexts={data.contexts} place={place} onChange={change} />
          <div className={styles.buttons}>
            <Button kind={look.data ? "plain" : "primary"} icon={<Search size={14} aria-hidden />} disabled={isBusy} onClick={() => look.mutate()}>
              Show what would change
            </Button>
            <Button kind={look.data ? "primary" : "plain"} icon={<Ship size={14} aria-hidden />} disabled={isBusy || !look.data?.is_fine} onClick={() => send.mutate()}>
              Send to {place.context}
            </Button>
            {send.data && (
              <Button icon={<Undo2 size={14} aria-hidden />} disabled={isBusy} onClick={() => back.mutate()}>
                Go back to what was there before
              </Button>
            )}
          </div>
          {isBusy && <Skeleton rows={4} />}
          {problem && <Trouble error={problem} />}
          {look.data && <Previewed previewed={look.data} />}
          {deployed && !look.data && <Outcomes deployed={deployed} />}
        </div>
      )}
    </Page>
  );
}
