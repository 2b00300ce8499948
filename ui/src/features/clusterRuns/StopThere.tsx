import { useQuery } from "@tanstack/react-query";
import { Square } from "lucide-react";
import { useState } from "react";
import { clusterContexts } from "@/api/clusters";
import { cancelRemoteRun, type RemoteRun } from "@/api/remoteRuns";
import { Button } from "@/components/Button";
import { useToasts } from "@/components/Toasts";
import { placeName } from "@/domain/remoteRun";
import { ChangeThere } from "@/features/clusters/ChangeThere";

/** Stops a run on a cluster, once somebody has agreed to it. */
export function StopThere({ run }: { readonly run: RemoteRun }) {
  const [isAsked, setIsAsked] = useState(false);
  const { say } = useToasts();
  const contexts = useQuery(clusterContexts());
  const name = placeName(run.place);
  const context = "context" in run.place ? contexts.data?.contexts.find((one) => one.name === name) : undefined;
  const done = () => {
    setIsAsked(false);
    say(`${name} was asked to stop ${run.display_name}`);
  };
  return (
    <>
      <Button icon={<Square size={14} aria-hidden />} disabled={!run.remote_id || run.state === "CANCELING"} onClick={() => setIsAsked(true)}>
        Stop
      </Button>
      <ChangeThere
        place={{ name, isProtected: context?.is_protected ?? false }}
        open={isAsked}
        title={`Stop ${run.display_name} on ${name}?`}
        verb="Stop the run"
        change={(confirm) => cancelRemoteRun(run.run_id, confirm)}
        onClose={() => setIsAsked(false)}
        onDone={done}
      >
        <p>What runs there is ended, and nothing of it goes on. What its steps have left stays.</p>
      </ChangeThere>
    </>
  );
}
