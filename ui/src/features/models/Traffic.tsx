import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { Card, Section } from "@/components/Page";
import { isSplit } from "@/domain/modelRequest";
import { splitOf, splitWords } from "@/domain/modelServer";
import { CANARY } from "@/domain/replay";
import { useServerActions } from "./actions";
import styles from "./Models.module.css";

/** How what is asked is split between a new revision and the one before it, as long as it is. */
export function Traffic({ server, given }: { readonly server: ModelServer; readonly given: number }) {
  const { give, promote, rollBack } = useServerActions();
  const [wanted, setWanted] = useState<number>();
  const split = splitOf(server);
  const { newest, before } = split;
  const percent = wanted ?? given;
  // It counts when it is let go: each of them is a change of the service.
  const commit = () => {
    if (wanted === undefined) return;
    if (wanted === given) setWanted(undefined);
    else void give(server, wanted).then(() => setWanted(undefined));
  };
  return (
    <Section
      title="Traffic"
      actions={
        <span className={styles.actions}>
          <Button disabled={given === 0} onClick={() => rollBack(server)}>
            Roll back
          </Button>
          <Button kind="primary" onClick={() => promote(server)}>
            Promote
          </Button>
        </span>
      }
    >
      <Card className={styles.traffic ?? ""}>
        <input
          type="range"
          aria-label="Percent to the new revision"
          aria-valuetext={`${percent} % to the new revision`}
          min={0}
          max={99}
          value={percent}
          onChange={(event) => setWanted(Number(event.target.value))}
          onPointerUp={commit}
          onKeyUp={commit}
          onBlur={commit}
        />
        <Share title="Before" revision={before} percent={100 - percent} />
        <Share title="New" revision={newest} percent={percent} />
        <p role="status">{splitWords(split, percent)}</p>
        {isSplit(server) ? (
          <Link to="/models/$namespace/$name" params={{ namespace: server.namespace, name: server.name }} search={{ tab: "requests", replay: "last", against: CANARY }}>
            Replay the last requests against the new revision
          </Link>
        ) : (
          <p>With a share of 1 % or more, the last requests can be replayed against it.</p>
        )}
      </Card>
    </Section>
  );
}

const Share = ({ title, revision, percent }: { readonly title: string; readonly revision: string | undefined; readonly percent: number }) => (
  <div className={styles.share}>
    <span className={styles.percent}>{percent} %</span>
    <span>{title}</span>
    {revision && <code title={revision}>{revision}</code>}
  </div>
);
