import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import styles from "./Tabs.module.css";

interface Tab {
  readonly key: string;
  readonly title: ReactNode;
  readonly content: ReactNode;
}

/** Tabs whose choice belongs to whoever shows them, so that the address can know it. Contents are made when shown. */
export function Tabs({ label, tabs, value, onChange }: { readonly label: string; readonly tabs: readonly Tab[]; readonly value: string; readonly onChange: (key: string) => void }) {
  return (
    <Radix.Root className={styles.root} value={value} onValueChange={onChange}>
      <Radix.List className={styles.list} aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.key} value={tab.key} className={styles.tab}>
            {tab.title}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.key} value={tab.key} className={styles.content}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
