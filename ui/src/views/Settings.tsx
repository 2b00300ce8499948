import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { doctor, health } from "@/api/queries";
import { setTheme, type Theme, theme } from "@/app/theme";
import { KeyList } from "@/app/shell/Keys";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Facts } from "@/components/Facts";
import { Card, Page, Section } from "@/components/Page";
import { Connect } from "@/features/settings/Connect";
import { Checks, Engine } from "@/features/settings/Engine";
import styles from "@/features/settings/Settings.module.css";

export function Settings() {
  const { data } = useQuery(health());
  const report = useQuery(doctor());
  return (
    <Page
      title="Settings"
      answer={data && `Coracle ${data.version}. ${data.engine_summary}`}
      actions={
        <>
          <CopyAs
            texts={[
              { label: "command", text: "coracle doctor" },
              { label: "curl", text: `curl ${location.origin}/apis/coracle/v1/doctor` },
            ]}
          />
          <Button icon={<RefreshCw size={14} aria-hidden />} disabled={report.isFetching} onClick={() => void report.refetch()}>
            Look again
          </Button>
        </>
      }
    >
      <div className={styles.columns}>
        <div>
          <Themes />
          <Connect />
          <Section title="Places on disk">
            <Card className={styles.card ?? ""}>{report.data ? <Places places={report.data.places} /> : <Skeleton rows={3} />}</Card>
          </Section>
        </div>
        <div>
          {report.data ? (
            <>
              <Engine report={report.data} />
              <Checks report={report.data} />
            </>
          ) : report.isError ? (
            <Trouble error={report.error} />
          ) : (
            <Skeleton rows={14} />
          )}
          <Section title="Keys">
            <Card className={styles.card ?? ""}>
              <KeyList />
            </Card>
          </Section>
        </div>
      </div>
    </Page>
  );
}

const Places = ({ places: { data, cache, runtime } }: { readonly places: { readonly data: string; readonly cache: string; readonly runtime: string } }) => (
  <Facts
    facts={[
      ["Data", <Place key="data" path={data} about="the database, artifacts, logs, volumes, secrets; may not be lost" />],
      ["Cache", <Place key="cache" path={cache} about="can be made again" />],
      ["Runtime", <Place key="runtime" path={runtime} about="need not outlive a restart of the machine" />],
    ]}
  />
);

const Place = ({ path, about }: { readonly path: string; readonly about: string }) => (
  <>
    <code>{path}</code>
    <p className={styles.about}>{about}</p>
  </>
);

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

function Themes() {
  const [chosen, setChosen] = useState(theme);
  const choose = (wanted: Theme) => {
    setTheme(wanted);
    setChosen(wanted);
  };
  return (
    <Section title="Theme">
      <Card className={styles.card ?? ""}>
        <div className={styles.themes} role="radiogroup" aria-label="Theme">
          {THEMES.map(([key, title]) => (
            <label key={key}>
              <input type="radio" name="theme" checked={chosen === key} onChange={() => choose(key)} />
              {title}
            </label>
          ))}
        </div>
      </Card>
    </Section>
  );
}
