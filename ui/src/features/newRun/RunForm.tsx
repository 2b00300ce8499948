import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import type { KfpRun, RecurringRun } from "@/api/kfp";
import { createRecurring, createRun } from "@/api/recurring";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { usesCache } from "@/domain/definition";
import { carriedTexts } from "@/domain/parameters";
import { requestOf, type Wanted } from "@/domain/request";
import { type Beginning, type Errors, type Form, refusalAt, wantedOf } from "./form";
import styles from "./Form.module.css";
import { Parameters } from "./Parameters";
import { Preview } from "./Preview";
import { RunFields } from "./RunFields";
import { ScheduleFields } from "./ScheduleFields";

/** Everything that a run, or what begins runs, is made with. */
export function RunForm({ beginning, chooser }: { readonly beginning: Beginning; readonly chooser: React.ReactNode }) {
  const navigate = useNavigate();
  const [form, setForm] = useForm(beginning);
  const [wasSent, setWasSent] = useState(false);
  const { wanted, errors: unfit } = wantedOf(beginning, form);
  const begin = useMutation({
    mutationFn: (asked: Wanted) => begun(asked),
    onSuccess: ({ run, recurring }) =>
      void (run ? navigate({ to: "/runs/$id", params: { id: run.run_id } }) : navigate({ to: "/recurring", search: { id: recurring?.recurring_run_id } })),
  });
  const refused = begin.error ? refusalAt(begin.error, beginning.parameters, form) : {};
  const errors: Errors = { ...(wasSent ? unfit : typed(unfit, beginning.form, form)), ...refused };
  const seen = useDeferredValue(wanted);
  const change = (part: Partial<Form>) => {
    setForm((now) => ({ ...now, ...part }));
    if (begin.isError) begin.reset();
  };
  /** Runs are numbered, and what begins them is not; a name that was typed stays. */
  const renamed = (recurs: boolean): string => {
    const [own, other] = recurs ? [beginning.titles.recurring, beginning.titles.run] : [beginning.titles.run, beginning.titles.recurring];
    return form.name === other ? own : form.name;
  };
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setWasSent(true);
        if (Object.keys(unfit).length === 0) begin.mutate(wanted);
        else requestAnimationFrame(() => document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus());
      }}
    >
      <div className={styles.fields}>
        {chooser}
        <RunFields form={form} errors={errors} onChange={change} isInline={!("pipeline" in beginning.source)} hasCache={usesCache(beginning.definition)} />
        <Parameters beginning={beginning} texts={form.texts} errors={errors} onTexts={(texts) => change({ texts })} />
        <fieldset className={styles.part}>
          <legend>When</legend>
          <div className={styles.choice} role="radiogroup" aria-label="When">
            <label>
              <input type="radio" name="when" checked={!form.recurs} onChange={() => change({ recurs: false, name: renamed(false) })} /> Once, now
            </label>
            <label>
              <input type="radio" name="when" checked={form.recurs} onChange={() => change({ recurs: true, name: renamed(true) })} /> Again and again
            </label>
          </div>
          {form.recurs && <ScheduleFields schedule={form.schedule} errors={errors} onChange={(schedule) => change({ schedule })} />}
        </fieldset>
      </div>
      <div className={styles.beside}>
        <Preview wanted={seen} />
        {begin.isError && Object.keys(refused).length === 0 && <Trouble error={begin.error} />}
        <div className={styles.submit}>
          {wasSent && Object.keys(unfit).length > 0 && (
            <span className={styles.wrong} role="alert">
              {Object.keys(unfit).length === 1 ? "One field needs another value" : `${Object.keys(unfit).length} fields need other values`}
            </span>
          )}
          <Button kind="primary" type="submit" disabled={begin.isPending} title={beginning.title}>
            <span className={styles.verb}>
              {form.recurs ? "Schedule" : "Run"} {beginning.title}
            </span>
          </Button>
        </div>
      </div>
    </form>
  );
}

/** What is typed; when another version is chosen, over to its parameters. */
function useForm(beginning: Beginning) {
  const [form, setForm] = useState(beginning.form);
  const [parameters, setParameters] = useState(beginning.parameters);
  if (parameters !== beginning.parameters) {
    setParameters(beginning.parameters);
    setForm({ ...form, texts: carriedTexts(parameters, beginning.parameters, form.texts) });
  }
  return [form, setForm] as const;
}

async function begun(wanted: Wanted): Promise<{ readonly run?: KfpRun; readonly recurring?: RecurringRun }> {
  const { body } = requestOf(wanted);
  return wanted.schedule ? { recurring: await createRecurring(body) } : { run: await createRun(body) };
}

/** What is wrong in fields that were changed; a field that nobody has touched is not blamed yet. */
function typed(errors: Errors, first: Form, now: Form): Errors {
  const isTouched = (key: string) => {
    const name = key.startsWith("parameter ") ? key.slice("parameter ".length) : undefined;
    if (name !== undefined) return first.texts[name] !== now.texts[name];
    return key in now ? (first as unknown as Errors)[key] !== (now as unknown as Errors)[key] : first.schedule !== now.schedule;
  };
  return Object.fromEntries(Object.entries(errors).filter(([key]) => isTouched(key)));
}
