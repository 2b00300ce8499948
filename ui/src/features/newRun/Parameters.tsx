import { useQuery } from "@tanstack/react-query";
import { run as runQuery, runs as runsQuery } from "@/api/queries";
import { Button } from "@/components/Button";
import { nameOf } from "@/domain/definition";
import { firstTexts, type Texts } from "@/domain/parameters";
import { type Beginning, type Errors, parameterKey } from "./form";
import styles from "./Form.module.css";
import { ParameterField } from "./ParameterField";

interface Props {
  readonly beginning: Beginning;
  readonly texts: Texts;
  readonly errors: Errors;
  readonly onTexts: (texts: Texts) => void;
}

/** The parameters of a run, with the values of the last one at hand. */
export function Parameters({ beginning, texts, errors, onTexts }: Props) {
  const { parameters, definition } = beginning;
  const last = useQuery(runsQuery()).data?.runs.find((run) => run.pipeline === nameOf(definition));
  const values = useQuery({ ...runQuery(last?.run_id ?? ""), enabled: last !== undefined }).data?.parameters;
  return (
    <fieldset className={styles.part}>
      <legend>
        Parameters
        <span className={styles.tools}>
          {last && values && parameters.length > 0 && (
            <Button kind="quiet" title={last.display_name} onClick={() => onTexts(firstTexts(parameters, values as Record<string, unknown>))}>
              Values of the last run
            </Button>
          )}
          {parameters.length > 0 && (
            <Button kind="quiet" onClick={() => onTexts(firstTexts(parameters))}>
              Defaults
            </Button>
          )}
        </span>
      </legend>
      {parameters.length === 0 && <p className={styles.muted}>This pipeline takes no parameters.</p>}
      <div className={styles.parameters}>
        {parameters.map((one) => (
          <ParameterField
            key={one.name}
            parameter={one}
            text={texts[one.name] ?? ""}
            error={errors[parameterKey(one.name)]}
            onText={(text) => onTexts({ ...texts, [one.name]: text })}
          />
        ))}
      </div>
    </fieldset>
  );
}
