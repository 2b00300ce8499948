import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { modelServers } from "@/api/serving";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { useRemoved } from "@/components/Undo";
import { serverKey, serversWords } from "@/domain/modelServer";
import { removalKey } from "@/features/models/actions";
import { ModelTable } from "@/features/models/ModelTable";

export function Models() {
  const { data, error } = useQuery(modelServers());
  const removed = useRemoved();
  const servers = data?.filter((server) => !removed.has(removalKey(serverKey(server))));
  return (
    <Page
      title="Models"
      answer={servers && (serversWords(servers) || "None is served")}
      actions={
        <LinkButton to="/models/new" kind="primary" icon={<Plus size={14} aria-hidden />}>
          Serve a model
        </LinkButton>
      }
      fills
    >
      {error && !servers ? (
        <Trouble error={error} />
      ) : !servers ? (
        <Skeleton rows={12} />
      ) : servers.length === 0 ? (
        <Empty title="No model is served yet" action={<LinkButton to="/models/new">Serve a model</LinkButton>}>
          <p>
            A model server answers predictions of a model that a run left, of a volume or of a folder. <code>kubectl apply -f service.yaml</code> with an <code>InferenceService</code> of KServe makes one, too: see
            what the form writes beside itself.
          </p>
        </Empty>
      ) : (
        <ModelTable servers={servers} />
      )}
    </Page>
  );
}
