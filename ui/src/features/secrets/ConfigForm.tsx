import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { Field, Input, Select } from "@/components/Field";
import { type Pair, Pairs } from "@/components/Pairs";
import { useToasts } from "@/components/Toasts";
import { configNameProblem, keysProblem } from "@/domain/config";
import { type ConfigKind, NOUN, putConfig } from "./actions";
import styles from "./Secrets.module.css";

interface Props {
  readonly kind: ConfigKind;
  /** The one that is replaced; none for a new one. */
  readonly replaced?: { readonly name: string; readonly keys: readonly string[] } | undefined;
  /** Names of this kind that there are. */
  readonly taken: readonly string[];
  readonly onKind: (kind: ConfigKind) => void;
  readonly onDone: () => void;
}

/** Values are written here and can be read nowhere again. */
export function ConfigForm({ kind, replaced, taken, onKind, onDone }: Props) {
  const queries = useQueryClient();
  const { say } = useToasts();
  const [name, setName] = useState(replaced?.name ?? "");
  const [pairs, setPairs] = useState<readonly Pair[]>(replaced?.keys.map((key) => ({ name: key, value: "" })) ?? [{ name: "", value: "" }]);
  const [wasTried, setWasTried] = useState(false);
  const noun = NOUN[kind].toLowerCase();
  const nameProblem = configNameProblem(name) ?? (!replaced && taken.includes(name) ? `There is a ${noun} of this name: replace that one` : undefined);
  const pairsProblem = keysProblem(pairs);
  const put = useMutation({
    mutationFn: () => putConfig(kind, name, pairs),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [kind] });
      say(`${replaced ? "Replaced" : "Made"} ${noun} ${name}`);
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWasTried(true);
    if (!nameProblem && !pairsProblem) put.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {!replaced && (
        <>
          <Field label="Kind" help={kind === "secrets" ? "Kept from everybody else on this machine; values are never shown again" : "For settings that anybody may read"}>
            {(given) => (
              <Select {...given} value={kind} onChange={(event) => onKind(event.target.value as ConfigKind)}>
                <option value="secrets">Secret</option>
                <option value="config-maps">Config map</option>
              </Select>
            )}
          </Field>
          <Field label="Name" help="By which pipelines ask for it" error={wasTried || name ? nameProblem : undefined}>
            {(given) => <Input {...given} spellCheck={false} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
        </>
      )}
      <div>
        <h3>Keys and values</h3>
        <Pairs noun="key" pairs={pairs} onChange={setPairs} values={kind === "secrets" ? "hidden" : "lines"} />
        <p className={styles.problem}>{wasTried && pairsProblem}</p>
      </div>
      {replaced && <p className={styles.note}>It is replaced as a whole: keys that are left out go, and every value has to be written again.</p>}
      {put.error && <Trouble error={put.error} />}
      <div className={styles.actions}>
        <Button type="submit" kind="primary" disabled={put.isPending}>
          {replaced ? `Replace ${noun}` : `Make ${noun}`}
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}
