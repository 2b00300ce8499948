import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { modelMetadata } from "@/api/serving";
import type { ModelServer, ModelServerState } from "@/api/types";
import { Button } from "@/components/Button";
import { Empty, Skeleton } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import { useKept } from "@/components/useKept";
import { useRested } from "@/components/useRested";
import { answers, isStopped } from "@/domain/modelServer";
import styles from "./Playground.module.css";
import { PlainCall } from "./PlainCall";
import { TensorCall } from "./TensorCall";

/** How long the name of a model has to rest before its server is asked about it, in milliseconds. */
const RESTS = 400;

/** A model is asked by a form that is made of what it says of itself, or by a body of one's own. */
export function Playground({ server }: { readonly server: ModelServer }) {
  const [model, setModel] = useKept(`${server.path} model`, server.name);
  const [isWoken, setWoken] = useState(false);
  const [kind, setKind] = useKept<"form" | "json" | "">(`${server.path} kind`, "");
  const named = useRested(model.trim(), RESTS);
  const isAwake = answers(server) || isWoken;
  const metadata = useQuery({ ...modelMetadata(server, named), enabled: named !== "" && isAwake && !isStopped(server) });
  if (isStopped(server)) return <Empty title="It cannot be asked now">Start it, and its model can be asked here.</Empty>;
  const isForm = kind === "" ? metadata.data !== undefined : kind === "form" && metadata.data !== undefined;
  return (
    <div className={styles.playground}>
      <div className={styles.top}>
        <Field label="Model" help={<About state={server.state} isAsking={metadata.isFetching} error={metadata.error} isKnown={metadata.data !== undefined} platform={metadata.data?.platform} />}>
          {(given) => <Input {...given} spellCheck={false} value={model} onChange={(event) => setModel(event.target.value)} />}
        </Field>
        <fieldset className={styles.kind} disabled={metadata.data === undefined}>
          <legend>Ask by</legend>
          <label>
            <input type="radio" name="kind" checked={isForm} onChange={() => setKind("form")} /> its inputs
          </label>
          <label>
            <input type="radio" name="kind" checked={!isForm} onChange={() => setKind("json")} /> a JSON body
          </label>
        </fieldset>
        {server.state === "asleep" && !isWoken && <Button className={styles.wake ?? ""} onClick={() => setWoken(true)}>Wake it and read its inputs</Button>}
      </div>
      {metadata.isLoading ? (
        <Skeleton rows={8} />
      ) : isForm && metadata.data ? (
        <TensorCall key={`${named} form`} server={server} model={named} inputs={metadata.data.inputs ?? []} />
      ) : (
        <PlainCall key={`${named} json`} server={server} model={named} />
      )}
    </div>
  );
}

interface AboutProps {
  readonly state: ModelServerState;
  readonly isAsking: boolean;
  readonly isKnown: boolean;
  readonly platform: string | undefined;
  readonly error: Error | null;
}

/** What came of asking the model about itself. */
function About({ state, isAsking, isKnown, platform, error }: AboutProps) {
  if (isAsking) return "Asking it for its inputs…";
  if (isKnown) return platform ? `It tells its inputs; its platform is ${platform}` : "It tells its inputs";
  if (error) return "It does not tell its inputs by the open inference protocol (v2)";
  return state === "asleep" ? "It sleeps, and what it is asked wakes it" : "It does not answer now; what it is asked is refused until it does";
}
