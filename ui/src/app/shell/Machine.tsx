import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Connection } from "@/api/live";
import { health } from "@/api/queries";
import { Skeleton } from "@/components/Empty";
import { Popover } from "@/components/Popover";
import { cpus } from "@/domain/size";
import { Holders } from "@/features/machine/Holders";
import { type Machine as Machines, useMachine } from "@/features/machine/useMachine";
import styles from "./Machine.module.css";

const WORDS: Record<Connection, string> = { connecting: "connecting", live: "live", lost: "offline" };

/** The strip at the top right: the engine, what of the machine is given away, and whether what is shown is live. */
export function Machine({ connection }: { readonly connection: Connection }) {
  const { data } = useQuery(health());
  const machine = useMachine();
  const engine = data ? (data.engine ?? "no engine") : "";
  return (
    <Popover
      label="Machine"
      trigger={
        <button type="button" className={styles.strip} title="Who holds what">
          <span className={data && !data.engine ? styles.missing : styles.engine}>{engine}</span>
          {machine && <Figures machine={machine} />}
          <span className={`${styles.dot} ${styles[connection]}`} aria-hidden />
          <span className={styles.word}>{WORDS[connection]}</span>
        </button>
      }
    >
      {machine ? <Holders machine={machine} /> : <Skeleton rows={4} />}
      <p className={styles.about}>
        {data?.engine_summary} <Link to="/settings">Settings</Link>
      </p>
    </Popover>
  );
}

/** Memory in use has the unit of what there is, so that the strip keeps its width. */
const gibibytes = (count: number): string => (count / 2 ** 30).toFixed(1);

function Figures({ machine: { held, capacity } }: { readonly machine: Machines }) {
  return (
    <span className={styles.figures}>
      <span>
        cpu <b>{cpus(held.cpu)}</b>/{cpus(capacity.cpu)}
      </span>
      <span>
        mem <b>{gibibytes(held.memory)}</b>/{gibibytes(capacity.memory)} GiB
      </span>
      {capacity.gpus > 0 && (
        <span>
          gpu <b>{held.gpus}</b>/{capacity.gpus}
        </span>
      )}
    </span>
  );
}
