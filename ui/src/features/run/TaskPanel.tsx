import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { NotebookText, RotateCcw, ScrollText } from "lucide-react";
import { openStep } from "@/api/runs";
import type { Run, Task } from "@/api/types";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Panel } from "@/components/Panel";
import { Prose } from "@/components/Prose";
import { StateIcon } from "@/components/Icon";
import { Took } from "@/components/Time";
import { useToasts } from "@/components/Toasts";
import type { PipelineTask } from "@/domain/pipeline";
import { failedStep, isStep, type TaskIndex, waitsFor } from "@/domain/runTasks";
import { isOver, shownTask } from "@/domain/state";
import { LogTail } from "@/features/log/LogTail";
import { Attempts } from "./Attempts";
import { logCopies } from "./copies";
import { Inside } from "./Inside";
import { Resources, Surroundings } from "./Machine";
import { Part } from "./Part";
import styles from "./Run.module.css";
import { useRerun } from "./RunActions";
import { Values } from "./Values";
import { WhyCached } from "./WhyCached";

interface Props {
  readonly run: Run;
  readonly path: string;
  readonly index: TaskIndex;
  readonly tasks: readonly Task[];
  /** What the definition says of it. */
  readonly defined: PipelineTask | undefined;
  readonly attempt: number | undefined;
  readonly onAttempt: (number: number) => void;
  readonly onSelect: (path: string) => void;
  readonly onClose: () => void;
}

/** Everything about one task of a run. */
export function TaskPanel({ run, path, index, tasks, defined, attempt, onAttempt, onSelect, onClose }: Props) {
  const task = index.byPath.get(path);
  const title = task?.kind === "iteration" ? path.slice(path.lastIndexOf("/") + 1) : (task?.display_name ?? defined?.title ?? path);
  return (
    <Panel title={<span title={path}>{title}</span>} about={path} onClose={onClose}>
      {task ? (
        <Known key={path} run={run} task={task} index={index} tasks={tasks} defined={defined} attempt={attempt} onAttempt={onAttempt} onSelect={onSelect} />
      ) : (
        <p className={styles.none}>{defined ? (isOver(run.state) ? "This was not run: nothing led to it." : "This has not begun.") : "The run has no such task."}</p>
      )}
      {!task && defined?.condition && <Condition condition={defined.condition} />}
    </Panel>
  );
}

const Condition = ({ condition }: { readonly condition: string }) => (
  <Part title="Condition">
    <code className={styles.value}>{condition}</code>
  </Part>
);

function Known({ run, task, index, tasks, defined, attempt, onAttempt, onSelect }: Omit<Props, "path" | "onClose"> & { readonly task: Task }) {
  const step = isStep(task);
  const last = task.attempts.at(-1);
  const shown = task.attempts.find((one) => one.number === attempt) ?? last;
  const cause = step ? undefined : failedStep(tasks, task.path);
  return (
    <>
      {task.path !== task.display_name && <code className={styles.path}>{task.path || "the whole run"}</code>}
      <State run={run} task={task} cause={cause} onSelect={onSelect} />
      {step && <Doing run={run} task={task} />}
      {task.attempts.length > 0 && shown && <Attempts attempts={task.attempts} at={shown.number} onAt={onAttempt} />}
      {!step && <Inside task={task} index={index} tasks={tasks} onSelect={onSelect} />}
      {shown && (
        <Part title={shown === last ? "Log" : `Log of attempt ${shown.number}`}>
          <LogTail run={run.run_id} step={task.path} attempt={shown.number} failure={shown.state === "FAILED" ? (shown.failure?.message ?? "") : undefined} />
        </Part>
      )}
      {defined?.condition && <Condition condition={defined.condition} />}
      <Part title="Inputs">
        <Values given={task.inputs} none="It takes nothing." />
      </Part>
      <Part title="Outputs">
        <Values given={task.outputs} none={task.state === "SUCCEEDED" ? "It hands nothing on." : "Outputs are there once it has succeeded."} />
      </Part>
      {step && <WhyCached run={run.run_id} step={task.path} />}
      {shown && <Resources attempt={shown} pipeline={run.pipeline} path={task.path} />}
      {shown && <Surroundings attempt={shown} />}
    </>
  );
}

/** The state, why it is so, and what to try. */
function State({ run, task, cause, onSelect }: { readonly run: Run; readonly task: Task; readonly cause: Task | undefined; readonly onSelect: (path: string) => void }) {
  const shown = shownTask(task.state, task.cached);
  const reason = task.reason?.message ?? waitsFor(run, task.path);
  const hint = task.reason?.hint ?? cause?.reason?.hint;
  return (
    <div className={`${styles.state} ${styles[shown.tone]}`}>
      <div className={styles.stateLine}>
        <StateIcon shown={shown} />
        <strong style={{ color: `var(--${shown.tone})` }}>{shown.word}</strong>
        <span className={styles.number}>
          <Took from={task.started_at} to={task.finished_at} />
        </span>
      </div>
      {reason && (
        <p>
          <Prose text={reason.charAt(0).toUpperCase() + reason.slice(1)} />
        </p>
      )}
      {cause && (
        <button type="button" className={styles.asLink} onClick={() => onSelect(cause.path)}>
          Go to {cause.display_name}, which failed
        </button>
      )}
      {hint && (
        <p className={styles.hint}>
          <strong>Try:</strong> <Prose text={hint} />
        </p>
      )}
    </div>
  );
}

function Doing({ run, task }: { readonly run: Run; readonly task: Task }) {
  const { fail, say } = useToasts();
  const rerun = useRerun(run.run_id);
  const open = useMutation({
    mutationFn: () => openStep(run.run_id, task.path),
    onMutate: () => say("A notebook in the step's image is being made; the first time takes a minute"),
    // A browser that lets no page open another so long after the click leaves the link, which stands in the button's place.
    onSuccess: (opened) => void window.open(opened.path, "_blank"),
    onError: fail,
  });
  return (
    <div className={styles.doing}>
      <Link className={styles.link} to="/runs/$id" params={{ id: run.run_id }} search={{ tab: "logs", task: task.path }}>
        <ScrollText size={14} aria-hidden /> Log
      </Link>
      <Button icon={<RotateCcw size={14} aria-hidden />} disabled={!isOver(run.state) || rerun.isPending} onClick={() => rerun.mutate(task.path)}>
        Run again from here
      </Button>
      {open.data && (
        <a className={styles.link} href={open.data.path} target="_blank" rel="noreferrer">
          <NotebookText size={14} aria-hidden /> Go to the notebook
        </a>
      )}
      {task.attempts.length > 0 && !open.data && (
        <Button icon={<NotebookText size={14} aria-hidden />} disabled={open.isPending} onClick={() => open.mutate()}>
          {open.isPending ? "Opening…" : "Open as notebook"}
        </Button>
      )}
      <CopyAs texts={[...logCopies(run.run_id, task.path), { label: "Command: why it ran", text: `coracle why ${run.run_id} '${task.path}'` }]} />
    </div>
  );
}
