import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Button } from "./Button";
import styles from "./Dialog.module.css";
import { wayBack } from "./focus";

interface Props {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

/** A question that cannot be taken back once it is answered. Everything else is a panel or an undo. */
export function Dialog({ open, onClose, title, children, actions }: Props) {
  const back = useRef<() => void>(undefined);
  return (
    <Radix.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.overlay} />
        <Radix.Content
          className={styles.dialog}
          aria-describedby={undefined}
          onOpenAutoFocus={() => (back.current = wayBack(document.activeElement))}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            back.current?.();
          }}
        >
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
