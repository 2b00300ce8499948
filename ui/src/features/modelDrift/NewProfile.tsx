import type { ModelServer } from "@/api/types";
import { Empty } from "@/components/Empty";
import { ProfileForm } from "./ProfileForm";

/** What comparing takes, where it has not begun. */
export const NewProfile = ({ server }: { readonly server: ModelServer }) => (
  <Empty title="It is not compared with its training data yet">
    <p>
      Give it the table that the model was trained on, and what it is asked is compared with that, feature by feature. An event of the inference service says when one has
      drifted. Only counts and a sample of the values are kept.
    </p>
    <ProfileForm server={server} />
  </Empty>
);
