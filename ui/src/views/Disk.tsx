import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { doctor } from "@/api/queries";
import { Page } from "@/components/Page";
import { bytes } from "@/domain/size";
import { Cleaning } from "@/features/disk/Cleaning";
import { Environments } from "@/features/disk/Environments";

export function Disk() {
  const choice = useSearch({ from: "/disk" });
  const navigate = useNavigate();
  const { data } = useQuery(doctor());
  const free = data?.machine?.disk_free;
  return (
    <Page title="Disk" answer={free === undefined ? "Looking at the disk" : `${bytes(free)} free at ${data?.places.data}`}>
      <Cleaning
        choice={choice}
        onChoice={({ days, environments }) => void navigate({ to: "/disk", search: { ...(days && { days }), ...(environments && { environments }) }, replace: true })}
      />
      <Environments />
    </Page>
  );
}
