import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Search, Ship, Undo2 } from "lucide-react";
import { useId, useState } from "react";
import { type ClusterContext, deployObjects, preflightObjects, previewDeployment, rollbackDeployment } from "@/api/clusters";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { firstContext, keptFrom } from "@/domain/cluster";
import { deploymentName } from "@/domain/deployment";
import styles from "./Clusters.module.css";
import { Outcomes } from "./Outcomes";
import { type Place, PlaceForm } from "./PlaceForm";
import { Preflighted } from "./Preflighted";
import { Previewed } from "./Previewed";

interface Props {
  readonly contexts: readonly ClusterContext[];
  /** `notebook/NAME`, of a namespace. */
  readonly what: string;
  readonly namespace: string;
}

/** An object of the workbench to a cluster: whether that can take it, and what would change, is shown first. */
export function DeployObject({ contexts, what, namespace }: Props) {
  const [chosen, setChosen] = useState<Place>();
  const first = firstContext(contexts);
  const place = chosen ?? { context: first?.name ?? "", namespace: "", confirm: "" };
  const name = deploymentName(what);
  const whyOff = useId();
  const where = { context: place.context, deployment: name, ...(place.namespace && { namespace: place.namespace }), ...(place.confirm && { confirm: place.confirm }) };
  const sources = { objects: [what], namespace };
  const request = { place: where, sources };
  const preflight = useMutation({ mutationFn: () => preflightObjects(sources, place.context, place.namespace) });
  const look = useMutation({ mutationFn: () => previewDeployment(request) });
  const queries = useQueryClient();
  // Something was changed there, also where it did not end well.
  const changed = () => {
    for (const asked of [preflight, look]) asked.reset();
    void queries.invalidateQueries({ queryKey: ["cluster-deployments", place.context] });
  };
  const back = useMutation({ mutationFn: () => rollbackDeployment(where), onSettled: changed });
  // What came of the last sending is shown, and no longer of going back from the one before.
  const send = useMutation({ mutationFn: () => deployObjects(request), onMutate: () => back.reset(), onSettled: changed });
  const change = (next: Place) => {
    setChosen(next);
    for (const asked of [preflight, look, send, back]) asked.reset();
  };
  const show = () => {
    preflight.mutate();
    look.mutate();
  };
  // What would not work there is not sent; warnings are for people to weigh.
  const kept = preflight.data && keptFrom(preflight.data);
  const isBusy = [preflight, look, send, back].some(({ isPending }) => isPending);
  const deployed = back.data ?? send.data;
  const command = `coracle deploy ${what} --context ${place.context}${place.namespace ? ` -n ${place.namespace}` : ""}`;
  // What preflight and the dry run stumble over together is told once.
  const problems = [preflight.error, look.error, send.error, back.error].filter((error) => error !== null);
  const told = problems.filter((error, at) => problems.findIndex(({ message }) => message === error.message) === at);
  return (
    <Page title={`Send ${name} to a cluster`} answer={`${what} as it runs here; what would change is shown before anything is sent`} actions={<CopyAs texts={[{ label: "command", text: command }]} />}>
      {!first ? (
        <Empty title="No cluster to send it to">
          The kubeconfig has no context that can be used: that of <code>KUBECONFIG</code>, or <code>~/.kube/config</code>.
        </Empty>
      ) : (
        <div className={styles.deploy}>
          <PlaceForm contexts={contexts} place={place} isSending={isBusy} onChange={change} />
          <div className={styles.buttons}>
            <Button kind={look.data ? "plain" : "primary"} icon={<Search size={14} aria-hidden />} disabled={isBusy} onClick={show}>
              Show what would change
            </Button>
            <Button kind={look.data ? "primary" : "plain"} icon={<Ship size={14} aria-hidden />} disabled={isBusy || !look.data?.is_fine || !preflight.data?.is_fine} aria-describedby={whyOff} onClick={() => send.mutate()}>
              Send to {place.context}
            </Button>
            {send.data && (
              <Button icon={<Undo2 size={14} aria-hidden />} disabled={isBusy} onClick={() => back.mutate()}>
                Go back to what was there before
              </Button>
            )}
          </div>
          <p id={whyOff} className={styles.quiet} role="status">
            {isBusy ? "" : kept ? <Prose text={kept} /> : look.data && !look.data.is_fine ? "Off, since the cluster would refuse something of it." : ""}
          </p>
          {isBusy && <Skeleton rows={4} />}
          {told.map((error) => (
            <Trouble key={error.message} error={error} />
          ))}
          {/* Together, so that nothing moves while it is read. */}
          {!isBusy && preflight.data && <Preflighted report={preflight.data} />}
          {!isBusy && look.data && <Previewed previewed={look.data} />}
          {deployed && !look.data && <Outcomes deployed={deployed} />}
        </div>
      )}
    </Page>
  );
}
