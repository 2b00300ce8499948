import { Fragment } from "react";

/** A message of the workbench, in which names stand between backticks. */
export function Prose({ text }: { readonly text: string }) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={`${index}-${part}`}>{part}</code> : <Fragment key={`${index}-${part}`}>{part}</Fragment>));
}
