import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { parseDocument, stringify } from "yaml";
import { INFERENCE_SERVICES, type KubeObject, replace } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { Code } from "@/components/Code";
import { CopyAs } from "@/components/CopyAs";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Select } from "@/components/Field";
import { bare, kubectl } from "@/domain/copied";
import { begun } from "@/domain/modelServer";
import { readObject } from "@/domain/objectText";
import styles from "./Models.module.css";

/** The inference service as a file, which can be changed where it is read. */
export default function Definition({ server: { namespace, name } }: { readonly server: ModelServer }) {
  const { data, error } = useQuery(kubeObjects<KubeObject>(INFERENCE_SERVICES, namespace, { fieldSelector: `metadata.name=${name}` }));
  if (error && !data) return <Trouble error={error} />;
  if (!data) return <Skeleton rows={12} />;
  const [object] = data;
  return object ? <Editor object={object} namespace={namespace} /> : <Empty title="There is no such model server" />;
}

/** How many of a hundred requests a revision may answer before it is promoted. */
const SHARES = ["5", "10", "20", "50"];

interface Edited {
  readonly text: string;
  /** What it was when it was begun to be changed. */
  readonly from: string;
  readonly version: string | undefined;
}

function Editor({ object, namespace }: { readonly object: KubeObject; readonly namespace: string }) {
  const queries = useQueryClient();
  const [edited, setEdited] = useState<Edited>();
  const [share, setShare] = useState("");
  const kept = stringify(bare({ apiVersion: "serving.kserve.io/v1beta1", kind: "InferenceService", ...object }), { blockQuote: "literal", lineWidth: 0 });
  const text = edited?.text ?? kept;
  const read = readObject(parseDocument(text), object);
  const save = useMutation({
    mutationFn: (to: KubeObject) => replace(INFERENCE_SERVICES, namespace, to),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [INFERENCE_SERVICES.plural] });
      setEdited(undefined);
      setShare("");
    },
  });
  const discard = () => {
    setEdited(undefined);
    setShare("");
    save.reset();
  };
  const commit = () => {
    if (!edited || !("object" in read)) return;
    // Its status changes all the time; only what is written here must be what it was.
    const resourceVersion = edited.from === kept ? object.metadata.resourceVersion : edited.version;
    const metadata = { ...read.object.metadata, ...(resourceVersion && { resourceVersion }) };
    save.mutate(begun({ ...read.object, metadata }, share));
  };
  return (
    <div className={styles.logs}>
      <div className={styles.bar}>
        <CopyAs
          texts={[
            { label: "YAML", text },
            { label: "kubectl apply", text: `${kubectl("apply -f -", namespace)} <<'END'\n${text}END` },
          ]}
        />
        <span className={styles.problem} role="status">
          {"problem" in read ? read.problem : ""}
        </span>
        {edited && (
          <label className={styles.begins}>
            It answers at first
            <Select className={styles.small ?? ""} value={share} onChange={(event) => setShare(event.target.value)}>
              <option value="">as it is written</option>
              {SHARES.map((one) => (
                <option key={one} value={one}>{`${one} % of requests`}</option>
              ))}
            </Select>
          </label>
        )}
        {edited && <Button onClick={discard}>Discard changes</Button>}
        <Button kind={edited ? "primary" : "plain"} disabled={!edited || "problem" in read || save.isPending} onClick={commit}>
          Save changes
        </Button>
      </div>
      {save.error && <Trouble error={save.error} />}
      <div className={styles.code}>
        <Code label="YAML" value={text} onChange={(changed) => changed !== text && setEdited({ from: kept, version: object.metadata.resourceVersion, ...edited, text: changed })} />
      </div>
    </div>
  );
}
