import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { CLAIMS, CLUSTER_SERVING_RUNTIMES, createAll, SERVING_RUNTIMES } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { modelServers } from "@/api/serving";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import type { Claim } from "@/domain/kinds";
import { EMPTY_MODEL, modelForm, type ModelForm, modelObjects, modelProblems, type Runtime } from "@/domain/modelForm";
import { ObjectFile } from "../objectFile/ObjectFile";
import styles from "../objectFile/ObjectFile.module.css";
import { useObjectFile } from "../objectFile/useObjectFile";
import { ServeFields } from "./ServeFields";

const WAY = { kind: "InferenceService", objectsOf: modelObjects, formOf: modelForm };

interface Props {
  readonly first: Partial<ModelForm>;
  readonly onMade: (namespace: string, name: string) => void;
  readonly onCancel: () => void;
}

/** A form and, beside it, the inference service that it makes; either can be written in. */
export function ServeForm({ first, onMade, onCancel }: Props) {
  const queries = useQueryClient();
  const file = useObjectFile<ModelForm>({ ...EMPTY_MODEL, ...first }, WAY);
  const [wasTried, setWasTried] = useState(false);
  const { form, objects, problem, isMore } = file;
  const servers = useQuery(modelServers()).data ?? [];
  const claims = useQuery(kubeObjects<Claim>(CLAIMS, form.namespace)).data ?? [];
  const everywhere = useQuery(kubeObjects<Runtime>(CLUSTER_SERVING_RUNTIMES)).data ?? [];
  const here = useQuery(kubeObjects<Runtime>(SERVING_RUNTIMES, form.namespace)).data ?? [];
  const taken = servers.filter(({ namespace }) => namespace === form.namespace).map(({ name }) => name);
  const problems = modelProblems(form, taken);
  const isWrong = problem !== undefined || (!isMore && Object.keys(problems).length > 0);
  const make = useMutation({
    mutationFn: () => createAll(objects),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["model-servers"] });
      const made = objects.find(({ kind }) => kind === WAY.kind);
      onMade(made?.metadata.namespace ?? "default", made?.metadata.name ?? "");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWasTried(true);
    if (!isWrong) make.mutate();
  };
  // What has not been written yet is no mistake.
  const { name, storage, ...others } = problems;
  const soFar = { ...others, ...(form.name && name && { name }), ...(form.storage && storage && { storage }) };
  const shown = isMore ? {} : wasTried ? problems : soFar;
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div>
        <fieldset className={styles.fields} disabled={isMore}>
          <ServeFields form={form} problems={shown} fill={file.fill} runtimes={[...here, ...everywhere]} claims={claims.map(({ metadata }) => metadata.name)} />
        </fieldset>
        {make.error && <Trouble error={make.error} />}
        <div className={styles.actions}>
          <Button type="submit" kind="primary" disabled={make.isPending || (wasTried && isWrong)}>
            Serve model
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </div>
      <ObjectFile file={file} namespace={form.namespace} />
    </form>
  );
}
