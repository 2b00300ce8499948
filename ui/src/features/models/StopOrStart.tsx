import { CircleStop, Play } from "lucide-react";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { isStopped } from "@/domain/modelServer";
import { useServerActions } from "./actions";

/** One button, for what is not so. */
export function StopOrStart({ server, kind, isWide = false }: { readonly server: ModelServer; readonly kind: "quiet" | "plain"; readonly isWide?: boolean }) {
  const { start, stop } = useServerActions();
  const isLeaving = server.state === "deleting";
  return isStopped(server) ? (
    <Button kind={kind} aria-label={`Start ${server.name}`} title="Start" disabled={isLeaving} icon={<Play size={14} aria-hidden />} onClick={() => start(server)}>
      {isWide && "Start"}
    </Button>
  ) : (
    <Button kind={kind} aria-label={`Stop ${server.name}`} title="Stop; its definition stays" disabled={isLeaving} icon={<CircleStop size={14} aria-hidden />} onClick={() => stop(server)}>
      {isWide && "Stop"}
    </Button>
  );
}
