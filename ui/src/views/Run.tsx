import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { run as runQuery, tasks as tasksQuery } from "@/api/queries";
import { Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Status } from "@/components/Status";
import { Took } from "@/components/Time";
import { shownRun, shownTask } from "@/domain/state";

export function Run() {
  const { id } = useParams({ from: "/runs/$id" });
  const run = useQuery(runQuery(id));
  const tasks = useQuery(tasksQuery(id));
  if (run.isError) return <Trouble error={run.error} />;
  if (!run.data) return <Skeleton />;
  return (
    <Page title={run.data.display_name} answer={<Status shown={shownRun(run.data.state)} reason={run.data.failure?.message} />}>
      <ul>
        {tasks.data?.map((task) => (
          <li key={task.path}>
            {task.display_name} <Status shown={shownTask(task.state, task.cached)} reason={task.reason?.message} />{" "}
            <Took from={task.started_at} to={task.finished_at} />
          </li>
        ))}
      </ul>
    </Page>
  );
}
