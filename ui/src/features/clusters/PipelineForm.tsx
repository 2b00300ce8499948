import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RefreshCw, Ship } from "lucide-react";
import { useId, useState } from "react";
import { type ClusterContext, type PreflightReport, clusterLook } from "@/api/clusters";
import { type CreatedRemoteRun, createRemoteRun } from "@/api/remoteRuns";
import { Button } from "@/components/Button";
import { CodeLine } from "@/components/CodeLine";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import { Page } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { clusterWords, firstContext, keptFrom } from "@/domain/cluster";
import { readAll } from "@/domain/parameters";
import { FIRST_NEEDS, needsErrors, type RemoteTarget, remoteCommand, remoteRequest, targetErrors } from "@/domain/remoteWish";
import { scheduleErrors } from "@/domain/schedule";
import { type Beginning, type Errors, parameterKey, refusalAt } from "@/features/newRun/form";
import form from "@/features/newRun/Form.module.css";
import { Parameters } from "@/features/newRun/Parameters";
import { ScheduleFields } from "@/features/newRun/ScheduleFields";
import { ArgoWorkflow } from "./ArgoWorkflow";
import { Created, hasMore } from "./Created";
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
  const [byArgo, setByArgo] = useState(false);
  const [typed, setNeeds] = useState(FIRST_NEEDS);
  // Argo Workflows are a cluster's; an address is that of Kubeflow Pipelines.
  const needs = target.context && byArgo ? typed : undefined;
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
    // What is told beside the run is read before one goes on to it.
    onSuccess: (created) => !hasMore(created) && goOn(created),
  });
  const goOn = ({ run }: CreatedRemoteRun) => void navigate({ to: "/runs/remote/$id", params: { id: run.run_id } });
  const look = useQuery({ ...clusterLook(target.context), enabled: target.context !== "" });
  const found = target.context ? look.data : undefined;
  const kept = look.isLoading ? "Off while the cluster is looked at." : found && keptFrom(found);
  const whyOff = useId();
  const refused = send.error ? refusalAt(send.error, parameters, { ...beginning.form, recurs }) : {};
  const errors: Errors = { ...(wasSent && unfit), ...refused };
  const wrong = Object.keys(unfit).length;
  const changing =
    <Value,>(set: (value: Value) => void) =>
    (value: Value) => {
      set(value);
      if (!send.isPending) send.reset();
    };
  return (
    <Page title={`Send ${title} to a cluster`} answer={`It is run by the ${needs ? "Argo Workflows" : "Kubeflow Pipelines"} there, and followed from here`} actions={<CopyAs texts={[{ label: "command", text: remoteCommand(wish) }]} />}>
      <form
        className={form.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setWasSent(true);
          if (wrong === 0) {
            if (!send.isPending && !kept) send.mutate();
          }
          else requestAnimationFrame(() => document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus());
        }}
      >
        <fieldset className={form.fields} disabled={send.isPending}>
          <TargetForm contexts={contexts} target={target} errors={errors} onChange={changing(setTarget)} byArgo={byArgo} onByArgo={changing(setByArgo)} needs={typed} onNeeds={changing(setNeeds)} />
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
        </fieldset>
        <div className={form.beside}>
          <div className={form.submit}>
            {wasSent && wrong > 0 && (
              <span className={form.wrong} role="alert">
                {wrong === 1 ? "One field needs another value" : `${wrong} fields need other values`}
              </span>
            )}
            <Button kind="primary" type="submit" icon={<Ship size={14} aria-hidden />} disabled={send.isPending || kept !== undefined} aria-describedby={whyOff}>
              <span className={form.verb}>Send {title}</span>
            </Button>
          </div>
          <p id={whyOff} className={form.muted} role="status">
            {kept && <Prose text={kept} />}
          </p>
          {send.isError && Object.keys(refused).length === 0 && <Trouble error={send.error} />}
          {send.data && hasMore(send.data) && <Created created={send.data} onGoOn={() => goOn(send.data)} />}
          {target.context && <Looked report={look.data} error={look.error} isLooking={look.isFetching} onLook={() => void look.refetch()} />}
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

interface LookedProps {
  readonly report: PreflightReport | undefined;
  readonly error: Error | null;
  readonly isLooking: boolean;
  readonly onLook: () => void;
}

/** What the cluster has, before something is sent there. */
function Looked({ report, error, isLooking, onLook }: LookedProps) {
  return (
    <section aria-label="What the cluster has" className={form.part}>
      {error ? <Trouble error={error} /> : !report ? <Skeleton rows={3} /> : <p>{clusterWords(report)}</p>}
      {report && <Findings findings={report.findings} />}
      <div>
        <Button icon={<RefreshCw size={14} aria-hidden />} disabled={isLooking} onClick={onLook}>
          Look again
        </Button>
      </div>
    </section>
  );
}
