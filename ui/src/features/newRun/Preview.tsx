import { Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Tabs } from "@/components/Tabs";
import { asCommand, asCurl, asJson, asPython, requestOf, shortened, type Wanted } from "@/domain/request";
import styles from "./Form.module.css";

/** What will be sent, while it is typed, and the same for a terminal. */
export function Preview({ wanted }: { readonly wanted: Wanted }) {
  const [shown, setShown] = useState("json");
  const copy = useCopy();
  const host = window.location.origin;
  const request = requestOf(wanted);
  const short = { ...request, body: shortened(request.body) };
  const forms = [
    { key: "json", title: "JSON", text: asJson(request), seen: asJson(short) },
    { key: "curl", title: "curl", text: asCurl(request, host), seen: asCurl(short, host) },
    { key: "python", title: "Python", text: asPython(wanted, host) },
    { key: "command", title: "Command", text: asCommand(wanted) },
  ];
  const now = forms.find((form) => form.key === shown) ?? forms[0];
  return (
    <section className={styles.preview} aria-label="What will be sent">
      <Tabs
        label="What will be sent"
        value={shown}
        onChange={setShown}
        tabs={forms.map(({ key, title, text, seen }) => ({
          key,
          title,
          // It is scrolled by keys, too.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          content: <pre className={styles.code} tabIndex={0} aria-label={title}>{seen ?? text}</pre>,
        }))}
      />
      <Button className={styles.copy ?? ""} kind="quiet" icon={<Copy size={14} aria-hidden />} onClick={() => now && copy({ label: now.title, text: now.text })}>
        Copy
      </Button>
      <p className={styles.muted}>
        <code>POST {request.path}</code>. A value that is its default is left out.
      </p>
    </section>
  );
}
