import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { ask, OWN } from "@/api/client";
import { artifactRemoval } from "@/api/queries";
import type { ArtifactRemoval } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Skeleton, Trouble } from "@/components/Empty";
import { useToasts } from "@/components/Toasts";
import { bytes } from "@/domain/size";
import { isOver } from "@/domain/state";
import styles from "./About.module.css";

/** Deletes the bytes of an artifact, once somebody has seen how many they are and who loses them. */
export function DeleteArtifact({ id, name }: { readonly id: number; readonly name: string }) {
  const [isAsked, setIsAsked] = useState(false);
  const queries = useQueryClient();
  const { say } = useToasts();
  const plan = useQuery({ ...artifactRemoval(id), enabled: isAsked });
  const remove = useMutation({
    mutationFn: () => ask<ArtifactRemoval>("DELETE", `${OWN}/artifacts/${id}`),
    onSuccess: async (gone) => {
      setIsAsked(false);
      say(`Freed ${bytes(gone.bytes)}`);
      await Promise.all([["artifacts"], ["run"], ["gc"], ["doctor"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
      for (const queryKey of [["artifact-preview", id], ["artifact-removal", id]]) queries.removeQueries({ queryKey });
    },
  });
  const isHeld = plan.data?.used_by.some(({ state }) => !isOver(state)) ?? false;
  const close = () => {
    setIsAsked(false);
    remove.reset();
  };
  return (
    <>
      <Button icon={<Trash2 size={14} aria-hidden />} onClick={() => setIsAsked(true)}>
        Delete
      </Button>
      <Dialog
        open={isAsked}
        onClose={close}
        title={`Delete ${name}?`}
        actions={
          <Button kind="danger" disabled={!plan.data || isHeld || remove.isPending} onClick={() => remove.mutate()}>
            {plan.data ? `Delete ${bytes(plan.data.bytes)}` : "Delete"}
          </Button>
        }
      >
        {plan.error ? <Trouble error={plan.error} /> : plan.data ? <Losing removal={plan.data} isHeld={isHeld} /> : <Skeleton rows={4} />}
        {remove.error && <Trouble error={remove.error} />}
      </Dialog>
    </>
  );
}

function Losing({ removal: { bytes: count, shared_with, used_by, user_count }, isHeld }: { readonly removal: ArtifactRemoval; readonly isHeld: boolean }) {
  return (
    <div className={styles.losing}>
      <p>
        {bytes(count)} are deleted, and nothing brings them back. What is known of it stays, with its lineage; a step that made it runs again instead of coming from
        the cache.
      </p>
      {isHeld && <p role="alert">A run that uses it has not ended: wait for it, or stop it first.</p>}
      {shared_with.length > 0 && (
        <p>
          These are at the same place and lose them too: {shared_with.map((other) => `${other.name} (${other.id})`).join(", ")}
        </p>
      )}
      <p>{user_count === 0 ? "No run has it any more." : `${user_count === 1 ? "One run has" : `${user_count} runs have`} made or read it:`}</p>
      <ul>
        {used_by.map((user) => (
          <li key={user.run_id}>
            <Link to="/runs/$id" params={{ id: user.run_id }}>
              {user.display_name}
            </Link>
            {!isOver(user.state) && " (open)"}
          </li>
        ))}
        {user_count > used_by.length && <li>and {user_count - used_by.length} more</li>}
      </ul>
    </div>
  );
}
