import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/Page";
import { ServeForm } from "@/features/models/ServeForm";

export function NewModel() {
  const given = useSearch({ from: "/models/new" });
  const navigate = useNavigate();
  return (
    <Page title="Serve a model" answer="An inference service of KServe, answered on this machine">
      <ServeForm
        key={JSON.stringify(given)}
        first={given}
        onMade={(namespace, name) => void navigate({ to: "/models/$namespace/$name", params: { namespace, name } })}
        onCancel={() => void navigate({ to: "/models" })}
      />
    </Page>
  );
}
