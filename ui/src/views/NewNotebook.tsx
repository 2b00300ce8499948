import { useNavigate } from "@tanstack/react-router";
import { Page } from "@/components/Page";
import { NewForm } from "@/features/notebooks/NewForm";

export function NewNotebook() {
  const navigate = useNavigate();
  return (
    <Page title="New notebook" answer="JupyterLab on this machine, with files that outlive it">
      <NewForm onMade={(key) => void navigate({ to: "/notebooks", search: { open: key } })} onCancel={() => void navigate({ to: "/notebooks" })} />
    </Page>
  );
}
