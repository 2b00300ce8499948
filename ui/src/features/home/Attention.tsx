import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ask, OWN } from "@/api/client";
import { doctor } from "@/api/queries";
import { modelServers } from "@/api/serving";
import type { RunSummary } from "@/api/types";
import { Button } from "@/components/Button";
import { Card, Section } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { useToasts } from "@/components/Toasts";
import type { Shown } from "@/domain/state";
import { useNotebooks } from "../notebooks/useNotebooks";
import styles from "./Home.module.css";

/** How many runs are told of. */
const TOLD = 5;

/** What does not go by itself, each with one thing that helps. */
export function Attention({ failed }: { readonly failed: readonly RunSummary[] }) {
  const report = useQuery(doctor());
  const { rows = [] } = useNotebooks();
  const findings = report.data?.checks.filter(({ status }) => status !== "ok") ?? [];
  const failing = rows.filter(({ state }) => state.phase === "failing");
  const silent = (useQuery(modelServers()).data ?? []).filter(({ state }) => state === "failing" || state === "degraded");
  const isCalm = findings.length + failing.length + silent.length + failed.length === 0;
  return (
    <Section title="Needs attention">
      <Card>
        <ul className={styles.list}>
          {findings.map(({ name, status, message, fix }) => (
            <Item
              key={name}
              tone={status === "problem" ? "fail" : "warn"}
              word={name}
              action={<Link to={name === "disk" ? "/disk" : "/settings"}>{name === "disk" ? "Free space" : "Look"}</Link>}
            >
              <Prose text={fix ? `${message}. ${fix}` : message} />
            </Item>
          ))}
          {failing.map(({ key, notebook, state }) => (
            <Item key={key} tone="fail" word={`Notebook ${notebook.metadata.name}`} action={<Link to="/notebooks" search={{ open: key, tab: "events" }}>Why</Link>}>
              {state.reason}
            </Item>
          ))}
          {silent.map(({ namespace, name, state, reason }) => (
            <Item
              key={`${namespace}/${name}`}
              tone={state === "failing" ? "fail" : "warn"}
              word={`Model server ${name}`}
              action={<Link to="/models/$namespace/$name" params={{ namespace, name }} aria-label={`Why ${name} does not answer`}>Why</Link>}
            >
              {reason && <Prose text={reason} />}
            </Item>
          ))}
          {failed.slice(0, TOLD).map((run) => (
            <FailedRun key={run.run_id} run={run} />
          ))}
          {failed.length > TOLD && (
            <li className={styles.quiet}>
              <Link to="/runs">and {failed.length - TOLD} more runs that failed</Link>
            </li>
          )}
          {isCalm && <li className={styles.quiet}>Nothing does.</li>}
        </ul>
      </Card>
    </Section>
  );
}

interface ItemProps {
  readonly tone: Shown["tone"];
  readonly word: ReactNode & string;
  readonly action: ReactNode;
  readonly children?: ReactNode;
}

const Item = ({ tone, word, action, children }: ItemProps) => (
  <li className={styles.finding}>
    <Status shown={{ tone, icon: tone === "fail" ? "cross" : "warning", word }} />
    <span>{action}</span>
    {children && <p>{children}</p>}
  </li>
);

function FailedRun({ run }: { readonly run: RunSummary }) {
  const queries = useQueryClient();
  const { fail, say } = useToasts();
  const retry = useMutation({
    mutationFn: () => ask("POST", `${OWN}/runs/${run.run_id}:retry`),
    onSuccess: () => {
      say(`${run.display_name} goes on where it failed`);
      void queries.invalidateQueries({ queryKey: ["runs"] });
    },
    onError: fail,
  });
  return (
    <Item
      tone="fail"
      word={run.display_name}
      action={
        <>
          <Link to="/runs/$id" params={{ id: run.run_id }} aria-label={`Open the run ${run.display_name}`}>
            Open
          </Link>{" "}
          <Button kind="quiet" disabled={retry.isPending} aria-label={`Retry ${run.display_name}`} onClick={() => retry.mutate()}>
            Retry
          </Button>
        </>
      }
    >
      {run.failure && <Prose text={run.failure.message} />}
    </Item>
  );
}
