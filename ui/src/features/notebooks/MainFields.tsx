import { Field, Input, Select } from "@/components/Field";
import { bytes, cpus } from "@/domain/size";
import type { Share } from "@/domain/holders";
import type { Notebook } from "@/domain/kinds";
import { needsOf } from "@/domain/notebook";
import { HOME, type NotebookForm, OWN_IMAGE, type Problems, workspaceName } from "@/domain/notebookForm";
import styles from "../objectFile/ObjectFile.module.css";

export interface FieldsProps {
  readonly form: NotebookForm;
  readonly problems: Problems;
  readonly fill: (change: Partial<NotebookForm>) => void;
  /** Names of the volumes there are. */
  readonly claims: readonly string[];
  readonly machine: Share;
  /** Notebooks, whose images are likely to be wanted again. */
  readonly images: readonly Notebook[];
}

const KUBEFLOW = "ghcr.io/kubeflow/kubeflow/notebook-servers";
const IMAGES = [OWN_IMAGE, ...["jupyter-scipy", "jupyter-pytorch-full", "jupyter-tensorflow-full", "codeserver-python", "rstudio-tidyverse"].map((name) => `${KUBEFLOW}/${name}:v1.10.0`)];

export function MainFields(props: FieldsProps) {
  const { form, problems, fill, machine, images } = props;
  const offered = [...new Set([...IMAGES, ...images.map((notebook) => needsOf(notebook).image)])];
  return (
    <>
      <Field label="Name" error={problems.name} help="Also the last part of its address">
        {(given) => <Input {...given} spellCheck={false} autoComplete="off" value={form.name} onChange={(event) => fill({ name: event.target.value })} />}
      </Field>
      <Field label="Image" error={problems.image} help={form.image === OWN_IMAGE ? "JupyterLab of the workbench; it is built where it is not there yet" : "Any image that keeps to Kubeflow's contract for notebooks"}>
        {(given) => (
          <>
            <Input {...given} list="notebook-images" spellCheck={false} value={form.image} onChange={(event) => fill({ image: event.target.value })} />
            <datalist id="notebook-images">
              {offered.map((image) => (
                <option key={image}>{image}</option>
              ))}
            </datalist>
          </>
        )}
      </Field>
      <div className={styles.row}>
        <Field label="CPU" error={problems.cpu} help={machine.cpu > 0 && `${cpus(machine.cpu)} in this machine`}>
          {(given) => <Input {...given} value={form.cpu} onChange={(event) => fill({ cpu: event.target.value })} />}
        </Field>
        <Field label="Memory" error={problems.memory} help={machine.memory > 0 && `${bytes(machine.memory)} in this machine`}>
          {(given) => <Input {...given} value={form.memory} onChange={(event) => fill({ memory: event.target.value })} />}
        </Field>
        {machine.gpus > 0 && (
          <Field label="GPUs" help={`${machine.gpus} in this machine; each is given whole`}>
            {(given) => <Input {...given} type="number" min={0} max={machine.gpus} value={form.gpus} onChange={(event) => fill({ gpus: Number(event.target.value) })} />}
          </Field>
        )}
      </div>
      <Workspace {...props} />
    </>
  );
}

/** Where its files are, which outlive it. */
function Workspace({ form, problems, fill, claims }: FieldsProps) {
  const { workspace } = form;
  const choose = (kind: string) =>
    fill({ workspace: kind === "new" ? { kind, name: "", size: "5Gi" } : kind === "existing" ? { kind, name: claims[0] ?? "" } : { kind: "none" } });
  return (
    <div className={styles.row}>
      <Field label="Workspace" help={workspace.kind === "none" ? "Its files go when it stops" : `At ${HOME}; it stays`}>
        {(given) => (
          <Select {...given} value={workspace.kind} onChange={(event) => choose(event.target.value)}>
            <option value="new">A new volume</option>
            <option value="existing" disabled={claims.length === 0}>
              A volume that is there
            </option>
            <option value="none">None</option>
          </Select>
        )}
      </Field>
      {workspace.kind === "new" && (
        <>
          <Field label="Volume" error={problems.workspace}>
            {(given) => (
              <Input {...given} spellCheck={false} placeholder="by its name" value={workspaceName(form)} onChange={(event) => fill({ workspace: { ...workspace, name: event.target.value } })} />
            )}
          </Field>
          <Field label="Size" error={problems.size} help="Kept, and not enforced here">
            {(given) => <Input {...given} value={workspace.size} onChange={(event) => fill({ workspace: { ...workspace, size: event.target.value } })} />}
          </Field>
        </>
      )}
      {workspace.kind === "existing" && (
        <Field label="Volume" error={problems.workspace}>
          {(given) => (
            <Select {...given} value={workspace.name} onChange={(event) => fill({ workspace: { kind: "existing", name: event.target.value } })}>
              {[...new Set([...claims, workspace.name])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          )}
        </Field>
      )}
    </div>
  );
}
