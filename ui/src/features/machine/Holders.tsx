import { Link } from "@tanstack/react-router";
import { Meter } from "@/components/Meter";
import type { Holder, Share } from "@/domain/holders";
import { bytes, cpus } from "@/domain/size";
import styles from "./Holders.module.css";
import type { Machine } from "./useMachine";

/** How many holders are named. */
const NAMED = 12;

/** What of the machine is given away, and to whom. */
export function Holders({ machine }: { readonly machine: Machine }) {
  const { capacity, held, holders } = machine;
  const parts = (amount: (share: Share) => number, text: (value: number) => string) =>
    holders.map((holder) => ({ key: holder.key, title: `${holder.title}: ${text(amount(holder))}`, value: amount(holder) }));
  return (
    <>
      <div className={styles.resources}>
        <Resource name="CPU" held={cpus(held.cpu)} of={cpus(capacity.cpu)} most={capacity.cpu} parts={parts(({ cpu }) => cpu, cpus)} />
        <Resource name="Memory" held={bytes(held.memory)} of={bytes(capacity.memory)} most={capacity.memory} parts={parts(({ memory }) => memory, bytes)} />
        {capacity.gpus > 0 && <Resource name="GPUs" held={String(held.gpus)} of={String(capacity.gpus)} most={capacity.gpus} parts={parts(({ gpus }) => gpus, String)} />}
      </div>
      <ul className={styles.holders}>
        {holders.slice(0, NAMED).map((holder) => (
          <li key={holder.key} className={styles.holder}>
            <HolderLink holder={holder} />
            <span className={styles.share}>{shareText(holder)}</span>
          </li>
        ))}
        {holders.length > NAMED && <li className={styles.none}>and {holders.length - NAMED} more</li>}
        {holders.length === 0 && <li className={styles.none}>Nothing holds any of it.</li>}
      </ul>
    </>
  );
}

interface ResourceProps {
  readonly name: string;
  readonly held: string;
  readonly of: string;
  readonly most: number;
  readonly parts: Parameters<typeof Meter>[0]["parts"];
}

const Resource = ({ name, held, of, most, parts }: ResourceProps) => (
  <div className={styles.resource}>
    <div className={styles.amount}>
      <strong>{name}</strong>
      <span>
        {held} of {of} given
      </span>
    </div>
    <Meter label={`${name} given`} of={most} parts={parts} />
  </div>
);

function HolderLink({ holder }: { readonly holder: Holder }) {
  const text = `${holder.kind === "notebook" ? "Notebook" : holder.kind === "pod" ? "Pod" : "Step"} ${holder.title}`;
  if (holder.kind === "step" && holder.run)
    return (
      <Link className={styles.name} title={text} to="/runs/$id" params={{ id: holder.run }}>
        {text}
      </Link>
    );
  if (holder.kind === "notebook")
    return (
      <Link className={styles.name} title={text} to="/notebooks" search={{ open: `${holder.namespace}/${holder.name}` }}>
        {text}
      </Link>
    );
  return (
    <span className={styles.name} title={text}>
      {text}
    </span>
  );
}

function shareText({ cpu, memory, gpus }: Share): string {
  const parts = [cpu > 0 ? `${cpus(cpu)} CPU` : "", memory > 0 ? bytes(memory) : "", gpus > 0 ? `${gpus} GPU` : ""].filter(Boolean);
  return parts.join(", ") || "asked for nothing";
}
