import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Trouble } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import styles from "./Clusters.module.css";

interface Props<Answer> {
  /** What is changed; a protected one wants its name typed. */
  readonly place: { readonly name: string; readonly isProtected: boolean };
  readonly open: boolean;
  readonly title: string;
  /** What the button does, in a word or two. */
  readonly verb: string;
  /** Changes the cluster; with the context's name once more where it is protected. */
  readonly change: (confirm: string | null) => Promise<Answer>;
  readonly onClose: () => void;
  readonly onDone: (answer: Answer) => void;
  readonly children: ReactNode;
}

/** The question before something is changed in a cluster. */
export function ChangeThere<Answer>({ place: { name, isProtected }, open, title, verb, change, onClose, onDone, children }: Props<Answer>) {
  const [typed, setTyped] = useState("");
  const act = useMutation({
    mutationFn: () => change(isProtected ? typed : null),
    onSuccess: (answer) => {
      setTyped("");
      onDone(answer);
    },
  });
  const close = () => {
    setTyped("");
    act.reset();
    onClose();
  };
  const isAgreed = !isProtected || typed === name;
  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      actions={
        <Button kind="danger" disabled={!isAgreed || act.isPending} onClick={() => act.mutate()}>
          {verb}
        </Button>
      }
    >
      <div className={styles.part}>
        {children}
        {isProtected && (
          <Field label="Type the context's name to change something there" help={`\`${name}\` is protected`}>
            {(given) => <Input {...given} value={typed} disabled={act.isPending} onChange={({ target }) => setTyped(target.value)} />}
          </Field>
        )}
        {act.error && <Trouble error={act.error} />}
      </div>
    </Dialog>
  );
}
