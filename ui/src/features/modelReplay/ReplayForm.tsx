import { RotateCw, Square } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { Field, Input, Select } from "@/components/Field";
import { filterOf, isFiltered } from "@/domain/modelRequest";
import { type ModelSearch, REPLAYED, type Replayed } from "@/domain/modelSearch";
import { against as againstOf, lastProblem, selection, type Target, toleranceProblem, USUAL_LAST, USUAL_TOLERANCE } from "@/domain/replay";
import { useChange } from "../modelRequests/open";
import styles from "./Replay.module.css";
import type { Order } from "./useReplay";

interface Props {
  readonly server: ModelServer;
  readonly search: ModelSearch;
  readonly targets: readonly Target[];
  readonly against: string;
  readonly isSending: boolean;
  readonly onSend: (order: Order) => void;
  readonly onStop: (() => void) | undefined;
}

/** Which requests are sent again, to whom, and what counts as the same. */
export function ReplayForm({ server, search, targets, against, isSending, onSend, onStop }: Props) {
  const change = useChange(server);
  const [last, setLast] = useState(String(search.last ?? USUAL_LAST));
  const [tolerance, setTolerance] = useState(search.tolerance ?? USUAL_TOLERANCE);
  const filter = filterOf(search);
  const chosen = search.chosen ?? [];
  const titles: Readonly<Record<Replayed, string | false>> = {
    last: "The last ones",
    fitting: isFiltered(filter) && "Those that fit the filter",
    chosen: chosen.length > 0 && (chosen.length === 1 ? "The one that is chosen" : `The ${chosen.length} that are chosen`),
  };
  const which = search.replay && titles[search.replay] ? search.replay : "last";
  const problems = { last: which === "chosen" ? undefined : lastProblem(Number(last)), tolerance: toleranceProblem(tolerance) };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problems.last || problems.tolerance || isSending) return;
    const picked = selection({ ...search, replay: which }, Number(last));
    onSend({ wanted: { ...againstOf(server, against), ...picked, tolerance: Number(tolerance) }, fitting: picked ? undefined : { filter, most: Number(last) } });
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Field label="Against" help="Who answers them now">
        {(given) => (
          <Select {...given} value={against} onChange={(event) => change({ against: event.target.value })}>
            {targets.map(({ key, title }) => (
              <option key={key} value={key}>
                {title}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Requests" help={which === "fitting" ? filterWords(search) : "Those whose bodies were kept"}>
        {(given) => (
          <Select {...given} value={which} onChange={(event) => change({ replay: event.target.value as Replayed })}>
            {REPLAYED.filter((one) => titles[one]).map((one) => (
              <option key={one} value={one}>
                {titles[one]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="At most" error={problems.last} help="The newest of them">
        {(given) => (
          <Input
            {...given}
            inputMode="numeric"
            disabled={which === "chosen"}
            value={which === "chosen" ? String(chosen.length) : last}
            onChange={({ target: { value } }) => {
              setLast(value);
              if (!lastProblem(Number(value))) change({ last: Number(value) === USUAL_LAST ? undefined : Number(value) });
            }}
          />
        )}
      </Field>
      <Field label="Tolerance" error={problems.tolerance} help="Numbers so near are the same">
        {(given) => (
          <Input
            {...given}
            inputMode="decimal"
            value={tolerance}
            onChange={({ target: { value } }) => {
              setTolerance(value);
              if (!toleranceProblem(value)) change({ tolerance: value === USUAL_TOLERANCE ? undefined : value });
            }}
          />
        )}
      </Field>
      <div className={styles.send}>
        <Button type="submit" kind="primary" disabled={isSending || Boolean(problems.last ?? problems.tolerance)} icon={<RotateCw size={14} aria-hidden />}>
          Replay requests
        </Button>
        {onStop && (
          <Button icon={<Square size={13} aria-hidden />} onClick={onStop}>
            Stop
          </Button>
        )}
        <span role="status" className={styles.sending}>
          {isSending && "Sending them again…"}
        </span>
      </div>
    </form>
  );
}

const filterWords = ({ text, code, revision, slower }: ModelSearch): string =>
  [text && `“${text}”`, code && `from ${code}`, revision, slower && `${slower} ms or longer`].filter(Boolean).join(", ");
