import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./Button";
import styles from "./Dialog.module.css";

interface Props {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

/** A question that cannot be taken back once it is answered. Everything else is a panel or an undo. */
export function Dialog({ open, onClose, title, children, actions }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay} />
        <Radix.Content className={styles.dialog} aria-describedby={undefined}>
          <Radix.Title className={styles.title}>{title}</Radix.Title>
          <div className={styles.content}>{children}</div>
          <div className={styles.actions}>
            <Button onClick={onClose}>Cancel</Button>
            {actions}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
