import { Kbd, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";

import styles from "./Header.module.css";

const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Opens the palette; looks like the field that it leads to. */
export function SearchButton({ onClick }: { onClick: () => void }) {
  return (
    <UnstyledButton className={styles.search} onClick={onClick}>
      <IconSearch size={15} stroke={1.7} />
      <span>Find anything</span>
      <Kbd size="xs" aria-hidden>
        {IS_APPLE ? "⌘ K" : "Ctrl K"}
      </Kbd>
    </UnstyledButton>
  );
}
