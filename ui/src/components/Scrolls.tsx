import type { ReactNode } from "react";

/** What is wider or higher than its place and scrolls in it, by keys as well. */
export const Scrolls = ({ label, className = "", children }: { readonly label: string; readonly className?: string | undefined; readonly children: ReactNode }) => (
  // Keys scroll what has the focus.
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  <div className={className} role="region" aria-label={label} tabIndex={0}>
    {children}
  </div>
);
