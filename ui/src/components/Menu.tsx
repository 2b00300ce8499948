import { DropdownMenu } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { wayBack } from "./focus";
import styles from "./Menu.module.css";

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  readonly icon?: ReactNode;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly hint?: string;
}

/** A menu at a button. `null` among the items is a line. The focus is at the button again when it closes, or near where that was. */
export function Menu({ trigger, items }: { readonly trigger: ReactNode; readonly items: readonly (MenuItem | null)[] }) {
  const back = useRef<() => void>(undefined);
  return (
    <DropdownMenu.Root onOpenChange={(isOpen) => isOpen && (back.current = wayBack(document.activeElement))}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={styles.menu}
          align="end"
          sideOffset={4}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            back.current?.();
          }}
        >
          {items.map((item, index) =>
            item === null ? (
              <DropdownMenu.Separator key={`line-${index}`} className={styles.line} />
            ) : (
              <DropdownMenu.Item
                key={item.label}
                className={`${styles.item} ${item.danger ? styles.danger : ""}`}
                disabled={item.disabled ?? false}
                onSelect={item.onSelect}
              >
                {item.icon}
                <span>{item.label}</span>
                {item.hint && <span className={styles.hint}>{item.hint}</span>}
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
