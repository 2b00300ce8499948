import { lazy, Suspense } from "react";
import type { CodeProps } from "./CodeEditor";
import { Skeleton } from "./Empty";
import { again } from "./again";

const Editor = lazy(again(async () => ({ default: (await import("./CodeEditor")).CodeEditor })));

/** The editor of YAML and JSON, which is loaded when it is first shown. */
export const Code = (props: CodeProps) => (
  <Suspense fallback={<Skeleton rows={props.grows ? 3 : 12} />}>
    <Editor {...props} />
  </Suspense>
);
