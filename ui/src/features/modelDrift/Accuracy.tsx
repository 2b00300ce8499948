import type { ModelAccuracy, ModelDrift } from "@/api/types";
import { Facts } from "@/components/Facts";
import { Section } from "@/components/Page";
import { Scrolls } from "@/components/Scrolls";
import { percentText } from "@/domain/drift";
import { numberText } from "@/domain/values";
import styles from "./Drift.module.css";

/** How right predictions were, as far as it is known by now what would have been. */
export function Accuracy({ drift: { accuracy, least_accuracy, mislabelled } }: { readonly drift: ModelDrift }) {
  return (
    <Section title="Accuracy">
      {accuracy ? (
        <Facts
          facts={[
            ...(accuracy.kind === "classification" ? classFacts(accuracy) : numberFacts(accuracy)),
            ["To be right", typeof least_accuracy === "number" && percentText(100 * least_accuracy)],
            ["Not as many labels as rows", mislabelled > 0 && `${mislabelled} requests`],
          ]}
        />
      ) : (
        <p className={styles.quiet}>
          It is known when labels come: <code>POST …/labels</code> with <code>{'[{"request": ID, "labels": […]}]'}</code>, where the ID is what each answer has in{" "}
          <code>x-request-id</code>.
        </p>
      )}
      {accuracy?.kind === "classification" && <Classes of={accuracy} />}
    </Section>
  );
}

type Classification = Extract<ModelAccuracy, { kind: "classification" }>;
type Regression = Extract<ModelAccuracy, { kind: "regression" }>;
type Fact = readonly [string, React.ReactNode];

const classFacts = ({ accuracy, labelled }: Classification): readonly Fact[] => [
  ["Right", `${numberText(Number((100 * accuracy).toFixed(1)))} %`],
  ["Labelled", `${labelled} predictions`],
];

const numberFacts = ({ labelled, mean_absolute_error, root_mean_squared_error }: Regression): readonly Fact[] => [
  ["Mean absolute error", numberText(mean_absolute_error)],
  ["Root mean squared error", numberText(root_mean_squared_error)],
  ["Labelled", `${labelled} predictions`],
];

const Classes = ({ of: { classes } }: { readonly of: Classification }) => (
  <Scrolls label="Classes" className={styles.features}>
    <table>
      <thead>
        <tr>
          <th scope="col">Class</th>
          <th scope="col">Precision</th>
          <th scope="col">Recall</th>
          <th scope="col">Predicted</th>
          <th scope="col">Labelled</th>
        </tr>
      </thead>
      <tbody>
        {classes.map((one) => (
          <tr key={one.class}>
            <th scope="row">{one.class}</th>
            <td>{share(one.precision)}</td>
            <td>{share(one.recall)}</td>
            <td>{one.predicted}</td>
            <td>{one.labelled}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scrolls>
);

const share = (part: number | null | undefined): string => (typeof part === "number" ? percentText(100 * part) : "");
