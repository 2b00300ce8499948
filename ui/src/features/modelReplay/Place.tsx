/** A place in an answer. */
export const Place = ({ path }: { readonly path: string }) => <code title={path}>{path || "all of it"}</code>;
