import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { modelDrift } from "@/api/modelDrift";
import type { ModelDrift, ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Facts } from "@/components/Facts";
import { Section } from "@/components/Page";
import { Status } from "@/components/Status";
import { Ago } from "@/components/Time";
import { driftCopies, lookedAt, shownDrift, watched, watchedKey } from "@/domain/drift";
import type { ModelSearch } from "@/domain/modelSearch";
import { numberText } from "@/domain/values";
import { Accuracy } from "./Accuracy";
import styles from "./Drift.module.css";
import { Features } from "./Features";
import { Histogram } from "./Histogram";
import { NewProfile } from "./NewProfile";
import { ProfileForm } from "./ProfileForm";

/** How far what a server is asked is from its training data, and how right it is. */
export default function Drift({ server, search }: { readonly server: ModelServer; readonly search: ModelSearch }) {
  const { data, error, isFetching, refetch } = useQuery(modelDrift(server));
  if (error && !data) return <Trouble error={error} />;
  if (!data) return <Skeleton rows={12} />;
  const actions = (
    <span className={styles.actions}>
      <Button disabled={isFetching} onClick={() => void refetch()}>
        Look again
      </Button>
      <CopyAs texts={driftCopies(server, location.origin)} />
    </span>
  );
  return (
    <div className={styles.page}>
      {data.profile_at ? <Compared server={server} drift={data} feature={search.feature} actions={actions} /> : <NewProfile server={server} />}
      <Accuracy drift={data} />
    </div>
  );
}

interface Props {
  readonly server: ModelServer;
  readonly drift: ModelDrift;
  readonly feature: string | undefined;
  readonly actions: React.ReactNode;
}

function Compared({ server, drift, feature, actions }: Props) {
  const [isNew, setIsNew] = useState(false);
  const navigate = useNavigate();
  const all = watched(drift);
  const shown = all.find((one) => watchedKey(one) === feature) ?? all[0];
  const show = (key: string) => void navigate({ to: "/models/$namespace/$name", params: server, search: { tab: "drift", feature: key }, replace: true });
  return (
    <Section title="Drift" actions={actions}>
      <div className={styles.about}>
        <Facts
          facts={[
            ["All in all", drift.verdict && <Status key="verdict" shown={shownDrift(drift.verdict)} />],
            ["Looked at", lookedAt(drift)],
            ["Since", <Ago key="since" at={drift.since} />],
            ["Training data", <Ago key="profile" at={drift.profile_at} />],
            ["Drifted from", `PSI ${numberText(drift.psi_threshold)}, from ${drift.least_rows} rows on`],
            ["Not read", drift.unread_reason],
            ["Not judged", drift.unjudged?.join("; ")],
          ]}
        />
        <Button kind="quiet" aria-expanded={isNew} onClick={() => setIsNew(!isNew)}>
          {isNew ? "Keep the training data" : "Take other training data"}
        </Button>
      </div>
      {isNew && <ProfileForm server={server} onMade={() => setIsNew(false)} />}
      <div className={styles.compared}>
        <Features all={all} shown={shown && watchedKey(shown)} onShow={show} />
        {shown && <Histogram of={shown} />}
      </div>
    </Section>
  );
}
