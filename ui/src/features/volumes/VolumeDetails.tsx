import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { Button } from "@/components/Button";
import { CodeLine } from "@/components/CodeLine";
import { CopyAs } from "@/components/CopyAs";
import { Facts } from "@/components/Facts";
import { Ago } from "@/components/Time";
import { kubectl } from "@/domain/copied";
import { bytes } from "@/domain/size";
import type { VolumeRow, VolumeUser } from "@/domain/volume";
import { useRemoveVolume } from "./useVolumes";
import { VolumeFiles } from "./VolumeFiles";
import styles from "./Volumes.module.css";

/** Everything about one volume. */
export function VolumeDetails({ row, onRemoved }: { readonly row: VolumeRow; readonly onRemoved: () => void }) {
  const remove = useRemoveVolume();
  const { name, namespace } = row;
  return (
    <div className={styles.details}>
      <Facts
        facts={[
          ["In it", row.bytes === undefined ? undefined : bytes(row.bytes)],
          ["Claimed", row.size && `${row.size}, which nothing enforces here`],
          ["Access", row.modes.join(", ")],
          ["Namespace", namespace],
          ["Made", row.createdAt && <Ago at={row.createdAt} />],
          ["Used by", row.users.length > 0 ? row.users.map((user) => <p key={user.name}><UserLink namespace={namespace} user={user} /></p>) : "nothing that runs or is stopped"],
        ]}
      />
      {row.path && <CodeLine label="directory" text={row.path} />}
      {/* The workbench's own volumes are the claims of this namespace. */}
      {namespace === "default" && <VolumeFiles name={name} />}
      <div className={styles.actions}>
        <CopyAs
          texts={[
            { label: "Python", text: `from kfp import kubernetes\n\nkubernetes.mount_pvc(task, pvc_name=${JSON.stringify(name)}, mount_path="/data")\n` },
            { label: "kubectl", text: kubectl(`get pvc ${name} -o yaml`, namespace) },
            { label: "name", text: name },
          ]}
        />
        <Button
          kind="danger"
          icon={<Trash2 size={14} aria-hidden />}
          disabled={row.isDeleting}
          onClick={() => {
            remove(row);
            onRemoved();
          }}
        >
          Delete volume
        </Button>
      </div>
    </div>
  );
}

export function UserLink({ namespace, user: { kind, name, runs } }: { readonly namespace: string; readonly user: VolumeUser }) {
  if (kind === "pod") return <>pod {name}</>;
  return (
    <Link to="/notebooks" search={{ open: `${namespace}/${name}` }}>
      notebook {name}
      {runs ? "" : " (stopped)"}
    </Link>
  );
}
