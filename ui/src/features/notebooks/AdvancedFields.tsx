import { Plus, X } from "lucide-react";
import { Button } from "@/components/Button";
import { Checkbox, Input, Select } from "@/components/Field";
import { Pairs } from "@/components/Pairs";
import { Prose } from "@/components/Prose";
import type { DataVolume } from "@/domain/notebookForm";
import { NamespaceField } from "../objectFile/NamespaceField";
import type { FieldsProps } from "./MainFields";
import styles from "./NewForm.module.css";

/** What most notebooks do without. */
export function AdvancedFields({ form, problems, fill, claims }: FieldsProps) {
  const isOpen = Boolean(problems.data ?? problems.environment);
  return (
    <details className={styles.advanced} {...(isOpen && { open: true })}>
      <summary>Data volumes, variables, shared memory, namespace</summary>
      <div>
        <DataVolumes volumes={form.data} claims={claims} problem={problems.data} onChange={(data) => fill({ data })} />
        <div className={styles.group}>
          <h3>Environment variables</h3>
          <Pairs noun="variable" pairs={form.environment} onChange={(environment) => fill({ environment })} />
          {problems.environment && <p className={styles.problem}><Prose text={problems.environment} /></p>}
        </div>
        <Checkbox label="Shared memory (/dev/shm), which data loaders of PyTorch need" checked={form.sharedMemory} onChange={(event) => fill({ sharedMemory: event.target.checked })} />
        <NamespaceField namespace={form.namespace} onChange={(namespace) => fill({ namespace })} />
      </div>
    </details>
  );
}

interface DataProps {
  readonly volumes: readonly DataVolume[];
  readonly claims: readonly string[];
  readonly problem: string | undefined;
  readonly onChange: (volumes: readonly DataVolume[]) => void;
}

function DataVolumes({ volumes, claims, problem, onChange }: DataProps) {
  const change = (at: number, to: Partial<DataVolume>) => onChange(volumes.map((volume, index) => (index === at ? { ...volume, ...to } : volume)));
  const add = () => onChange([...volumes, { claim: claims[0] ?? "", path: `/data/${claims[0] ?? volumes.length + 1}`, readOnly: false }]);
  return (
    <div className={styles.group}>
      <h3>Data volumes</h3>
      {volumes.map((volume, index) => (
        <div key={index} className={styles.data}>
          <Select aria-label={`Data volume ${index + 1}`} value={volume.claim} onChange={(event) => change(index, { claim: event.target.value })}>
            {[...new Set([...claims, volume.claim])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
          <Input aria-label={`Path of data volume ${index + 1}`} spellCheck={false} value={volume.path} onChange={(event) => change(index, { path: event.target.value })} />
          <Checkbox label="Read only" checked={volume.readOnly} onChange={(event) => change(index, { readOnly: event.target.checked })} />
          <Button kind="quiet" aria-label={`Remove data volume ${index + 1}`} icon={<X size={14} />} onClick={() => onChange(volumes.filter((_, at) => at !== index))} />
        </div>
      ))}
      <Button disabled={claims.length === 0} title={claims.length === 0 ? "There is no volume in this namespace" : undefined} icon={<Plus size={14} aria-hidden />} onClick={add}>
        Add data volume
      </Button>
      {problem && <p className={styles.problem}><Prose text={problem} /></p>}
    </div>
  );
}
