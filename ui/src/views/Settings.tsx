import { useQuery } from "@tanstack/react-query";
import { health } from "@/api/queries";
import { Page } from "@/components/Page";

export function Settings() {
  const { data } = useQuery(health());
  return (
    <Page title="Settings" answer={data?.engine_summary}>
      <p>Coracle {data?.version}</p>
    </Page>
  );
}
