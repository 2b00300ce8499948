import { Plus, X } from "lucide-react";
import { Button } from "./Button";
import { Input, Textarea } from "./Field";
import styles from "./Pairs.module.css";

export interface Pair {
  readonly name: string;
  readonly value: string;
}

interface Props {
  /** What one of them is called: "variable", "key". */
  readonly noun: string;
  readonly pairs: readonly Pair[];
  readonly onChange: (pairs: readonly Pair[]) => void;
  /** Values are not to be read over a shoulder, or have several lines. */
  readonly values?: "text" | "hidden" | "lines";
}

/** Names with values, as many as there have to be. */
export function Pairs({ noun, pairs, onChange, values = "text" }: Props) {
  const change = (at: number, to: Partial<Pair>) => onChange(pairs.map((pair, index) => (index === at ? { ...pair, ...to } : pair)));
  const Value = values === "lines" ? Textarea : Input;
  return (
    <div className={styles.pairs}>
      {pairs.map((pair, index) => (
        <div key={index} className={styles.pair}>
          <Input aria-label={`Name of ${noun} ${index + 1}`} placeholder="name" spellCheck={false} value={pair.name} onChange={(event) => change(index, { name: event.target.value })} />
          <Value
            aria-label={`Value of ${noun} ${index + 1}`}
            placeholder="value"
            spellCheck={false}
            autoComplete="off"
            {...(values === "hidden" && { type: "password" })}
            {...(values === "lines" && { rows: 2 })}
            value={pair.value}
            onChange={(event: { readonly target: { readonly value: string } }) => change(index, { value: event.target.value })}
          />
          <Button kind="quiet" aria-label={`Remove ${noun} ${index + 1}`} icon={<X size={14} />} onClick={() => onChange(pairs.filter((_, at) => at !== index))} />
        </div>
      ))}
      <Button icon={<Plus size={14} aria-hidden />} onClick={() => onChange([...pairs, { name: "", value: "" }])}>
        Add {noun}
      </Button>
    </div>
  );
}
