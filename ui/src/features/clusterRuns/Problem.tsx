import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { putRemoteToken, type RemoteRun } from "@/api/remoteRuns";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import { useToasts } from "@/components/Toasts";
import { isRemoteOver } from "@/domain/remoteRun";
import styles from "./ClusterRuns.module.css";

interface Props {
  readonly run: RemoteRun;
  readonly problem: NonNullable<RemoteRun["problem"]>;
}

/** What is wrong, what to try, and, where an address asks for a token, the place for another one. */
export function Problem({ run, problem }: Props) {
  const [token, setToken] = useState("");
  const { say, fail } = useToasts();
  const put = useMutation({
    mutationFn: () => putRemoteToken(run.run_id, token),
    onSuccess: () => {
      setToken("");
      say("The next request has this token");
    },
    onError: fail,
  });
  const takesToken = "endpoint" in run.place && !isRemoteOver(run);
  const error = Object.assign(new Error(problem.message), { hint: problem.hint });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate();
  };
  return (
    <Trouble
      error={error}
      action={
        takesToken && (
          <form className={styles.token} onSubmit={submit}>
            <Field label="Another token" help="Where the server no longer accepts the one that it has">
              {(given) => <Input {...given} type="password" autoComplete="off" value={token} onChange={(event) => setToken(event.target.value)} />}
            </Field>
            <Button type="submit" disabled={!token || put.isPending}>
              Use this token
            </Button>
          </form>
        )
      }
    />
  );
}
