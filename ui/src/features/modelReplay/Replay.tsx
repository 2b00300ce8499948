import { useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { useEffect } from "react";
import { modelServers } from "@/api/serving";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { Skeleton, Trouble } from "@/components/Empty";
import type { ModelSearch } from "@/domain/modelSearch";
import { targetsOf, usualTarget } from "@/domain/replay";
import { useChange } from "../modelRequests/open";
import styles from "./Replay.module.css";
import { ReplayForm } from "./ReplayForm";
import { Report } from "./Report";
import { useReplay } from "./useReplay";

interface Props {
  readonly server: ModelServer;
  readonly search: ModelSearch;
}

const NONE: readonly ModelServer[] = [];

/** Requests are sent again, to what may come next, and what it answers otherwise is shown. */
export function Replay({ server, search }: Props) {
  const change = useChange(server);
  const { data: servers = NONE } = useQuery(modelServers());
  const targets = targetsOf(server, servers);
  const against = targets.find(({ key }) => key === search.against)?.key ?? usualTarget(targets);
  const { replay, isSending, error, send, stop } = useReplay(server);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) change({ replay: undefined });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [change]);
  return (
    <div className={styles.replay}>
      <header className={styles.head}>
        <Button kind="quiet" icon={<ArrowLeft size={14} aria-hidden />} onClick={() => change({ replay: undefined })}>
          Requests
        </Button>
        <h2>Replay</h2>
      </header>
      <ReplayForm server={server} search={search} targets={targets} against={against} isSending={isSending} onSend={send} onStop={stop} />
      {error && <Trouble error={error} />}
      <div className={isSending && replay ? styles.old : ""}>
        {replay ? (
          <Report server={server} replay={replay} />
        ) : isSending ? (
          <Skeleton rows={8} />
        ) : (
          <p className={styles.hint}>
            Each request is sent again with the body it had, four at a time, and the answer is compared with the one that was kept. They count for what the server has to do, but are not kept again.
          </p>
        )}
      </div>
    </div>
  );
}
