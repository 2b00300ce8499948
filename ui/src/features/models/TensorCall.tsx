import type { ModelServer } from "@/api/types";
import { Field, Textarea } from "@/components/Field";
import { useKept } from "@/components/useKept";
import { inferBody, inferPath } from "@/domain/modelCall";
import { exampleOf, readTensor, type TensorMetadata, tensorWords } from "@/domain/tensor";
import { CallFrame } from "./CallFrame";

interface Props {
  readonly server: ModelServer;
  readonly model: string;
  readonly inputs: readonly TensorMetadata[];
}

/** A field for each input, which says what does not fit its type and shape. */
export function TensorCall({ server, model, inputs }: Props) {
  const [texts, setTexts] = useKept<Readonly<Record<string, string>>>(`${server.path} ${model} inputs`, {});
  const read = inputs.map((input) => {
    const text = texts[input.name] ?? exampleOf(input);
    return { input, text, read: readTensor(input, text) };
  });
  const tensors = read.flatMap(({ read: found }) => ("tensor" in found ? found.tensor : []));
  const isWhole = tensors.length === inputs.length;
  return (
    <CallFrame server={server} path={inferPath(model)} body={isWhole ? inferBody(tensors) : undefined}>
      {inputs.length === 0 && <p>It has no inputs.</p>}
      {read.map(({ input, text, read: found }) => (
        <Field key={input.name} label={input.name} help={tensorWords(input)} error={"problem" in found ? found.problem : undefined}>
          {(given) => <Textarea {...given} rows={3} spellCheck={false} value={text} onChange={(event) => setTexts({ ...texts, [input.name]: event.target.value })} />}
        </Field>
      ))}
    </CallFrame>
  );
}
