import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CLAIMS, CLUSTER_SERVING_RUNTIMES, createAll, SERVING_RUNTIMES } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { modelServers } from "@/api/serving";
import type { Claim } from "@/domain/kinds";
import { EMPTY_MODEL, modelForm, type ModelForm, modelObjects, modelProblems, type Runtime } from "@/domain/modelForm";
import { ObjectForm } from "../objectFile/ObjectForm";
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
  const begin = () => {
    setWasTried(true);
    if (!isWrong) make.mutate();
  };
  // What has not been written yet is no mistake.
  const { name, storage, ...others } = problems;
  const soFar = { ...others, ...(form.name && name && { name }), ...(form.storage && storage && { storage }) };
  const shown = isMore ? {} : wasTried ? problems : soFar;
  return (
    <ObjectForm
      file={file}
      namespace={form.namespace}
      error={make.error}
      begin="Serve model"
      isBlocked={make.isPending || (wasTried && isWrong)}
      onBegin={begin}
      onCancel={onCancel}
    >
      <ServeFields form={form} problems={shown} fill={file.fill} runtimes={[...here, ...everywhere]} claims={claims.map(({ metadata }) => metadata.name)} />
    </ObjectForm>
  );
}
