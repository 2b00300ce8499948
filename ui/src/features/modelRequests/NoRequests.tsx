import { Link } from "@tanstack/react-router";
import type { ModelServer } from "@/api/types";
import { Empty } from "@/components/Empty";

export function NoRequests({ server: { namespace, name }, isFiltered }: { readonly server: ModelServer; readonly isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No request fits">Take a filter away to see more.</Empty>;
  return (
    <Empty
      title="No request is kept yet"
      action={
        <Link to="/models/$namespace/$name" params={{ namespace, name }} search={{ tab: "playground" }}>
          Ask it in the playground
        </Link>
      }
    >
      Whatever is sent to it by POST is kept here with its answer, bodies of up to 256 KiB each, and the oldest go when room is short. With the annotation{" "}
      <code>coracle.serving/request-log: heads</code> no bodies are kept, with <code>none</code> nothing.
    </Empty>
  );
}
