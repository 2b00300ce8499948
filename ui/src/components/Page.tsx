import type { ReactNode } from "react";
import styles from "./Page.module.css";

interface Props {
  readonly title: ReactNode;
  /** One line that answers what brought one here. */
  readonly answer?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** The content fills the window's height and scrolls inside. */
  readonly fills?: boolean;
}

/** The frame of every page: title, answer, what can be done, content. */
export function Page({ title, answer, actions, children, fills = false }: Props) {
  return (
    <div className={`${styles.page} ${fills ? styles.fills : ""}`}>
      <header className={styles.head}>
        <div className={styles.titles}>
          <h1 className={styles.title}>{title}</h1>
          {answer !== undefined && <div className={styles.answer}>{answer}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      <div className={styles.content}>{children}</div>
    </div>
  );
}

/** A part of a page with its own heading. */
export function Section({ title, actions, children }: { readonly title: ReactNode; readonly actions?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={styles.section}>
      <header className={styles.sectionHead}>
        <h2>{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** A surface that holds something. */
export function Card({ children, className = "" }: { readonly children: ReactNode; readonly className?: string }) {
  return <div className={`${styles.card} ${className}`}>{children}</div>;
}
