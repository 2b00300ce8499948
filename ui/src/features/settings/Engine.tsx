import type { DoctorReport } from "@/api/types";
import { Card, Section } from "@/components/Page";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import type { Shown } from "@/domain/state";
import styles from "./Settings.module.css";

const CHECK: Record<"ok" | "warning" | "problem", Pick<Shown, "tone" | "icon">> = {
  ok: { tone: "ok", icon: "check" },
  warning: { tone: "warn", icon: "warning" },
  problem: { tone: "fail", icon: "cross" },
};

/** Which engine runs steps, why, and every other that was asked. */
export function Engine({ report }: { readonly report: DoctorReport }) {
  const { wanted, reason, tried } = report.engine;
  return (
    <Section title="Engine">
      <Card>
        <ul className={styles.list}>
          <li>
            <strong>{report.engine.chosen ?? "none"}</strong>
            <span className={styles.about}>
              {reason} (<code>CORACLE_ENGINE={wanted}</code>)
            </span>
          </li>
          {tried.map(({ origin, address, answered, answer }) => (
            <li key={address}>
              <Status shown={{ ...(answered ? CHECK.ok : { tone: "skip", icon: "skip" }), word: answered ? "Answers" : "Silent" }} />
              <span className={styles.about}>
                {origin} at <code>{address}</code>: {answer}
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  );
}

/** What was looked at, each problem with what to do about it. */
export function Checks({ report }: { readonly report: DoctorReport }) {
  return (
    <Section title="This machine">
      <Card>
        <ul className={styles.list}>
          {report.checks.map(({ name, status, message, fix }) => (
            <li key={name}>
              <Status shown={{ ...CHECK[status], word: name }} />
              <span className={styles.about}>
                <Prose text={message} />
                {fix && (
                  <>
                    {". "}
                    <Prose text={fix} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  );
}
