import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ship } from "lucide-react";
import { useState } from "react";
import { type ClusterContext, clusterLook } from "@/api/clusters";
import { createRemoteRun } from "@/api/remoteRuns";
import { Button } from "@/components/Button";
import { CodeLine } from "@/components/CodeLine";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import { Page } from "@/components/Page";
import { clusterWords, firstContext } from "@/domain/cluster";
import { readAll } from "@/domain/parameters";
import { needsErrors, type RemoteTarget, remoteCommand, remoteRequest, targetErrors, type WorkflowNeeds } from "@/domain/remoteWish";
import { scheduleErrors } from "@/domain/schedule";
import { type Beginning, type Errors, parameterKey, refusalAt } from "@/features/newRun/form";
import form from "@/features/newRun/Form.module.css";
import { Parameters } from "@/features/newRun/Parameters";
import { ScheduleFields } from "@/features/newRun/ScheduleFields";
import { ArgoWorkflow } from "./ArgoWorkflow";
import { Findings } from "./Findings";
import { TargetForm } from "./TargetForm";

interface Props {
  readonly contexts: readonly ClusterContext[];
  readonly beginning: Beginning;
  /** The definition as it was written, which is what is sent. */
  readonly definition: string;
}

/** Everything that a run on a cluster is made with. */
export function PipelineForm({ contexts, beginning, definition }: Props) {
  const navigate = useNavigate();
  const [target, setTarget] = useState<RemoteTarget>({ context: firstContext(contexts)?.name ?? "", endpoint: "", token: "", namespace: "", confirm: "" });
  const [asked, setNeeds] = useState<WorkflowNeeds>();
  // Argo Workflows are a cluster's; an address is that of Kubeflow Pipelines.
  const needs = target.context ? asked : undefined;
  const [name, setName] = useState("");
  const [experiment, setExperiment] = useState("");
  const [texts, setTexts] = useState(beginning.form.texts);
  const [recurs, setRecurs] = useState(false);
  const [schedule, setSchedule] = useState(beginning.form.schedule);
  const [wasSent, setWasSent] = useState(false);
  const { title, parameters } = beginning;

  const { values, errors: unread } = readAll(parameters, texts);
  const isProtected = contexts.some((one) => one.name === target.context && one.is_protected);
  const unfit: Errors = {
    ...targetErrors(target, isProtected),
    ...(needs && needsErrors(needs)),
    ...Object.fromEntries(Object.entries(unread).map(([parameter, error]) => [parameterKey(parameter), error])),
    ...(recurs && scheduleErrors(schedule)),
  };
  const wish = { target, definition, pipeline: title, name, experiment, values, schedule: recurs ? schedule : undefined, needs };
  const send = useMutation({
    mutationFn: () => createRemoteRun(remoteRequest(wish)),
    onSuccess: ({ run }) => void navigate({ to: "/runs/remote/$id", params: { id: run.run_id } }),
  });
  const refused = send.error ? refusalAt(send.error, parameters, { ...beginning.form, recurs }) : {};
  const errors: Errors = { ...(wasSent && unfit), ...refused };
  const wrong = Object.keys(unfit).length;
  const changing =
    <Value,>(set: (value: Value) => void) =>
    (value: Value) => {
      set(value);
      if (send.isError) send.reset();
    };
  return (
    <Page title={`Send ${title} to a cluster`} answer={`It is run by the ${needs ? "Argo Workflows" : "Kubeflow Pipelines"} there, and followed from here`} actions={<CopyAs texts={[{ label: "command", text: remoteCommand(wish) }]} />}>
      <form
        className={form.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setWasSent(true);
          if (wrong === 0) send.mutate();
          else requestAnimationFrame(() => document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus());
        }}
      >
        <div className={form.fields}>
          <TargetForm contexts={contexts} target={target} errors={errors} onChange={changing(setTarget)} needs={needs} onNeeds={changing(setNeeds)} />
          <fieldset className={form.part}>
            <legend>Run</legend>
            <div className={form.pair}>
              <Field label="Name" help="Made from the pipeline's where it is left empty">
                {(given) => <Input {...given} value={name} maxLength={127} onChange={(event) => changing(setName)(event.target.value)} />}
              </Field>
              <Field label="Experiment" help="Made there where it is missing" error={errors["experiment"]}>
                {(given) => <Input {...given} value={experiment} placeholder="Default" onChange={(event) => changing(setExperiment)(event.target.value)} />}
              </Field>
            </div>
          </fieldset>
          <Parameters beginning={beginning} texts={texts} errors={errors} onTexts={changing(setTexts)} />
          <fieldset className={form.part}>
            <legend>When</legend>
            <div className={form.choice} role="radiogroup" aria-label="When">
              <label>
                <input type="radio" name="when" checked={!recurs} onChange={() => changing(setRecurs)(false)} /> Once, now
              </label>
              <label>
                <input type="radio" name="when" checked={recurs} onChange={() => changing(setRecurs)(true)} /> Again and again
              </label>
            </div>
            {recurs && <ScheduleFields schedule={schedule} errors={errors} onChange={changing(setSchedule)} isElsewhere />}
          </fieldset>
        </div>
        <div className={form.beside}>
          <div className={form.submit}>
            {wasSent && wrong > 0 && (
              <span className={form.wrong} role="alert">
                {wrong === 1 ? "One field needs another value" : `${wrong} fields need other values`}
              </span>
            )}
            <Button kind="primary" type="submit" icon={<Ship size={14} aria-hidden />} disabled={send.isPending}>
              <span className={form.verb}>Send {title}</span>
            </Button>
          </div>
          {send.isError && Object.keys(refused).length === 0 && <Trouble error={send.error} />}
          {target.context && <Looked context={target.context} />}
          <div>
            <CodeLine label="command" text={remoteCommand(wish)} />
            <p className={form.muted}>What is asked for is kept here first, so whatever breaks off is gone on with.</p>
          </div>
          {needs && <ArgoWorkflow key={JSON.stringify([needs, texts, name, schedule, recurs])} wish={wish} needs={needs} isReady={Object.keys({ ...unread, ...needsErrors(needs) }).length === 0} />}
        </div>
      </form>
    </Page>
  );
}

/** What the cluster has, before something is sent there. */
function Looked({ context }: { readonly context: string }) {
  const { data, error } = useQuery(clusterLook(context));
  if (error) return <Trouble error={error} />;
  if (!data) return <Skeleton rows={3} />;
  return (
    <section aria-label="What the cluster has" className={form.part}>
      <p>{clusterWords(data)}</p>
      <Findings findings={data.findings} />
    </section>
  );
}
