import { Code } from "@/components/Code";
import { Field, Input, Select } from "@/components/Field";
import { isRequired, type Parameter, textOfValue, TYPE_WORDS } from "@/domain/parameters";
import styles from "./Form.module.css";

interface Props {
  readonly parameter: Parameter;
  readonly text: string;
  readonly error: string | undefined;
  readonly onText: (text: string) => void;
}

/** The field of one parameter, by its type. */
export function ParameterField({ parameter, text, error, onText }: Props) {
  const isLong = parameter.type === "LIST" || parameter.type === "STRUCT";
  return (
    <div className={isLong ? styles.long : undefined}>
      <Field label={labelOf(parameter)} help={<Help parameter={parameter} text={text} onText={onText} />} error={error}>
        {(given) => <Control parameter={parameter} text={text} onText={onText} given={given} />}
      </Field>
    </div>
  );
}

const labelOf = (one: Parameter): string => `${one.name} · ${TYPE_WORDS[one.type]}${isRequired(one) ? ", required" : one.defaultValue === undefined ? ", optional" : ""}`;

interface ControlProps {
  readonly parameter: Parameter;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly given: { readonly id: string; readonly "aria-describedby": string; readonly "aria-invalid": boolean };
}

function Control({ parameter, text, onText, given }: ControlProps) {
  const { type, literals, defaultValue, isOptional } = parameter;
  if (type === "LIST" || type === "STRUCT") {
    return <Code label={parameter.name} value={text} onChange={onText} id={given.id} describedBy={given["aria-describedby"]} isInvalid={given["aria-invalid"]} grows />;
  }
  const choices = literals.length > 0 ? literals.map((literal) => textOfValue(type, literal)) : type === "BOOLEAN" ? ["true", "false"] : undefined;
  if (choices) {
    return (
      <Select {...given} value={text} onChange={(event) => onText(event.target.value)}>
        {(text === "" || (isOptional && defaultValue === undefined)) && <option value="">{isOptional ? "Not given" : "Choose"}</option>}
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </Select>
    );
  }
  const isNumber = type !== "STRING";
  return (
    <Input
      {...given}
      className={styles.value ?? ""}
      inputMode={isNumber ? "decimal" : "text"}
      value={text}
      placeholder={isOptional && defaultValue === undefined ? "Not given" : undefined}
      onChange={(event) => onText(event.target.value)}
    />
  );
}

/** What it is for; and once it is changed, the way back to its default. */
function Help({ parameter, text, onText }: Omit<Props, "error">) {
  const { defaultValue, description, type } = parameter;
  const first = defaultValue === undefined ? undefined : textOfValue(type, defaultValue);
  const isChanged = first !== undefined && text !== first;
  return (
    <>
      {description}
      {isChanged && (
        <>
          {description && " · "}
          <button type="button" className={styles.back} onClick={() => onText(first)} title={first}>
            Back to {first === "" ? "an empty text" : first.length > 40 ? "its default" : first}
          </button>
        </>
      )}
    </>
  );
}
