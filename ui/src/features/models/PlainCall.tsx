import type { ModelServer } from "@/api/types";
import { Field, Input, Textarea } from "@/components/Field";
import { useKept } from "@/components/useKept";
import { predictPath } from "@/domain/modelCall";
import { CallFrame } from "./CallFrame";

const FIRST = '{\n  "instances": [\n    [0, 0, 0, 0]\n  ]\n}';

/** A body of one's own for a path of the server. */
export function PlainCall({ server, model }: { readonly server: ModelServer; readonly model: string }) {
  const [path, setPath] = useKept(`${server.path} ${model} path`, predictPath(model));
  const [text, setText] = useKept(`${server.path} ${model} body`, FIRST);
  const { body, problem } = read(text);
  const misplaced = path.startsWith("/") ? undefined : "It begins with `/`";
  return (
    <CallFrame server={server} path={path} body={problem || misplaced ? undefined : body}>
      <Field label="Path" error={misplaced} help="Below the address of the server">
        {(given) => <Input {...given} spellCheck={false} value={path} onChange={(event) => setPath(event.target.value)} />}
      </Field>
      <Field label="Body" error={problem} help="JSON that the server is sent">
        {(given) => <Textarea {...given} rows={9} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
    </CallFrame>
  );
}

function read(text: string): { readonly body?: unknown; readonly problem?: string } {
  try {
    return { body: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "It is no JSON" };
  }
}
