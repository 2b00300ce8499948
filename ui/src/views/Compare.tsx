import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { run as runQuery, runArtifacts, tasks as tasksQuery } from "@/api/queries";
import type { ArtifactDetail, Run, Task } from "@/api/types";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { comparedIds } from "@/domain/artifactSearch";
import { compared, comparedArtifacts, metricsOf } from "@/domain/compare";
import { Definitions } from "@/features/compare/Definitions";
import { FirstDifferences } from "@/features/compare/First";
import { Heads } from "@/features/compare/Heads";
import { Outputs } from "@/features/compare/Outputs";
import { Values } from "@/features/compare/Values";

/** Types that are worth looking at beside each other. */
const LOOKED_AT = ["system.ClassificationMetrics", "system.SlicedClassificationMetrics", "system.HTML", "system.Markdown"];

interface Side {
  readonly run: Run;
  readonly tasks: readonly Task[];
  readonly artifacts: readonly ArtifactDetail[];
}

export function Compare() {
  const search = useSearch({ from: "/compare" });
  const navigate = useNavigate({ from: "/compare" });
  const ids = comparedIds(search);
  const { sides, error } = useSides(ids);
  const show = (wanted: readonly string[]) => void navigate({ search: { runs: wanted.join(",") }, replace: true });
  if (ids.length < 2) {
    return (
      <Page title="Compare runs">
        <Empty title="Two runs are needed" action={<Link to="/runs">Choose runs</Link>}>
          Select two runs or more in the list of runs, and compare them.
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="Compare runs" answer={sides ? answer(sides) : "…"}>
      {error && !sides ? (
        <Trouble error={error} action={<Link to="/runs">Choose other runs</Link>} />
      ) : !sides ? (
        <Skeleton rows={14} />
      ) : (
        <Sides sides={sides} onShow={show} />
      )}
    </Page>
  );
}

function Sides({ sides, onShow }: { readonly sides: readonly Side[]; readonly onShow: (ids: readonly string[]) => void }) {
  const ids = sides.map(({ run }) => run.run_id);
  const names = sides.map(({ run }) => run.display_name);
  const outputs = comparedArtifacts(sides.map(({ artifacts }) => artifacts), LOOKED_AT);
  return (
    <>
      <Heads
        runs={sides.map(({ run }) => run)}
        onFirst={(first) => onShow([first, ...ids.filter((id) => id !== first)])}
        onRemove={(gone) => onShow(ids.filter((id) => id !== gone))}
      />
      <FirstDifferences sides={sides.map(({ run, tasks }) => ({ id: run.run_id, name: run.display_name, tasks }))} />
      <Values title="Parameters" rows={compared(sides.map(parameters))} names={names} nothing="None of these runs has parameters." />
      <Values title="Metrics" rows={compared(sides.map(({ artifacts }) => metricsOf(artifacts)))} names={names} nothing="None of these runs left metrics." hasDistance />
      {outputs.map((row) => (
        <Outputs key={`${row.task} ${row.key}`} row={row} names={names} />
      ))}
      <Definitions sides={sides.map(({ run }) => ({ id: run.run_id, name: run.display_name }))} />
    </>
  );
}

/** With the defaults that were taken, once it has begun. */
const parameters = ({ run, tasks }: Side): Readonly<Record<string, unknown>> => ({ ...run.parameters, ...tasks.find((task) => task.path === "")?.inputs.parameters });

function answer(sides: readonly Side[]): string {
  const rows = compared(sides.map(parameters)).filter((row) => row.differs);
  if (rows.length === 0) return `${sides.length} runs with the same parameters`;
  return `${sides.length} runs that differ in ${rows.slice(0, 3).map((row) => row.name).join(", ")}${rows.length > 3 ? ` and ${rows.length - 3} more` : ""}`;
}

/** Everything of every run, once all of it is there. */
function useSides(ids: readonly string[]): { readonly sides: readonly Side[] | undefined; readonly error: Error | null } {
  const runs = useQueries({ queries: ids.map((id) => runQuery(id)) });
  const tasks = useQueries({ queries: ids.map((id) => tasksQuery(id)) });
  const artifacts = useQueries({ queries: ids.map((id) => runArtifacts(id)) });
  const error = [...runs, ...tasks, ...artifacts].find((result) => result.error)?.error ?? null;
  const sides = ids.flatMap((_, index): Side[] => {
    const [run, made, left] = [runs[index]?.data, tasks[index]?.data, artifacts[index]?.data];
    return run && made && left ? [{ run, tasks: made, artifacts: left }] : [];
  });
  return { sides: sides.length === ids.length ? sides : undefined, error };
}
