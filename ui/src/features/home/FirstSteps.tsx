import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { NotebookText, Play, Upload } from "lucide-react";
import type { ReactNode } from "react";
import { Refused } from "@/api/client";
import { CLAIMS, createAll } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { LinkButton } from "@/components/LinkButton";
import { Card } from "@/components/Page";
import type { Claim } from "@/domain/kinds";
import { EMPTY_FORM, objectsOf } from "@/domain/notebookForm";
import { runExample } from "../examples/runExample";
import styles from "./Home.module.css";

const NAME = "first";

/** Three ways to begin, each done with one click. */
export function FirstSteps() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const claims = useQuery(kubeObjects<Claim>(CLAIMS, "default")).data ?? [];
  const example = useMutation({
    mutationFn: runExample,
    onSuccess: async ({ run_id }) => {
      await queries.invalidateQueries({ queryKey: ["runs"] });
      await navigate({ to: "/runs/$id", params: { id: run_id } });
    },
  });
  const notebook = useMutation({
    mutationFn: async () => {
      const workspace = `${NAME}-workspace`;
      const isThere = claims.some(({ metadata }) => metadata.name === workspace);
      const form = { ...EMPTY_FORM, name: NAME, ...(isThere && { workspace: { kind: "existing" as const, name: workspace } }) };
      await createAll(objectsOf(form)).catch((error: unknown) => {
        // It was started before: that one is shown.
        if (!(error instanceof Refused && error.status === 409)) throw error;
      });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["notebooks"] });
      await navigate({ to: "/notebooks", search: { open: `default/${NAME}` } });
    },
  });
  return (
    <div className={styles.cards}>
      <First icon={<Play size={20} aria-hidden />} title="Run an example" error={example.error} about="Runs a pipeline of one step that greets you, and shows it as it goes. The first time, its packages are installed, which takes a moment.">
        <Button kind="primary" disabled={example.isPending} onClick={() => example.mutate()}>
          Run hello
        </Button>
      </First>
      <First icon={<Upload size={20} aria-hidden />} title="Bring a pipeline" about="Takes what the kfp SDK compiled, as YAML, zip or tar.gz, unchanged; from there it runs with your parameters.">
        <LinkButton to="/pipelines">Upload pipeline</LinkButton>
      </First>
      <First icon={<NotebookText size={20} aria-hidden />} title="Start a notebook" error={notebook.error} about="Starts JupyterLab on this machine with half a CPU, 1 GiB of memory and a workspace that stays. Its image is built the first time.">
        <Button disabled={notebook.isPending} onClick={() => notebook.mutate()}>
          Start notebook
        </Button>
      </First>
    </div>
  );
}

interface FirstProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly about: string;
  readonly error?: Error | null;
  readonly children: ReactNode;
}

const First = ({ icon, title, about, error, children }: FirstProps) => (
  <Card className={styles.first ?? ""}>
    {icon}
    <h2>{title}</h2>
    <p>{about}</p>
    {children}
    {error && <Trouble error={error} />}
  </Card>
);
