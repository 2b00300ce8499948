import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { forgetRequests, type Named } from "@/api/modelRequests";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Trouble } from "@/components/Empty";
import { useToasts } from "@/components/Toasts";
import { useChange } from "./open";

/** Forgets what a server was asked, once somebody has agreed to lose it. */
export function Forget({ server, isDisabled }: { readonly server: Named; readonly isDisabled: boolean }) {
  const [isAsked, setIsAsked] = useState(false);
  const queries = useQueryClient();
  const change = useChange(server);
  const { say } = useToasts();
  const forget = useMutation({
    mutationFn: () => forgetRequests(queries, server),
    onSuccess: (count) => {
      setIsAsked(false);
      change({ chosen: undefined, request: undefined });
      say(count === 1 ? "Forgot 1 request" : `Forgot ${count.toLocaleString("en")} requests`);
    },
  });
  const close = () => {
    setIsAsked(false);
    forget.reset();
  };
  return (
    <>
      <Button icon={<Trash2 size={14} aria-hidden />} disabled={isDisabled} onClick={() => setIsAsked(true)}>
        Forget all…
      </Button>
      <Dialog
        open={isAsked}
        onClose={close}
        title={`Forget what ${server.name} was asked?`}
        actions={
          <Button kind="danger" disabled={forget.isPending} onClick={() => forget.mutate()}>
            Forget all requests
          </Button>
        }
      >
        <p>All of its requests go from the log with their bodies, whether they fit the filter or not, and nothing brings them back. They cannot be sent again then.</p>
        {forget.error && <Trouble error={forget.error} />}
      </Dialog>
    </>
  );
}
