import { Kbd, Modal, Title } from "@mantine/core";

import { navEntries, shortcutSheets } from "./features";
import type { Shortcut } from "./feature";
import styles from "./HelpSheet.module.css";

const EVERYWHERE: readonly Shortcut[] = [
  { keys: ["⌘ K", "Ctrl K"], does: "Find a page, cluster, workload, pod or alert" },
  { keys: ["/"], does: "Search on this page" },
  { keys: ["?"], does: "This sheet" },
  { keys: ["Esc"], does: "Close what lies over the page" },
];

const ROWS: readonly Shortcut[] = [
  { keys: ["j", "↓"], does: "Next row" },
  { keys: ["k", "↑"], does: "Row before" },
  { keys: ["Enter"], does: "Open the row" },
  { keys: ["x"], does: "Select the row" },
  { keys: ["Home", "End"], does: "First and last row" },
];

/** Every key there is. */
export function HelpSheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const places = navEntries
    .filter((entry) => entry.key !== undefined)
    .map((entry) => ({ keys: [`g ${entry.key ?? ""}`], does: entry.label }));
  return (
    <Modal opened={opened} onClose={onClose} title="Keys" size="lg">
      <div className={styles.sheet}>
        <Keys title="Everywhere" keys={EVERYWHERE} />
        <Keys title="Go to" keys={places} />
        <Keys title="In a table" keys={ROWS} />
        {shortcutSheets.map((sheet) => (
          <Keys key={sheet.title} title={sheet.title} keys={sheet.keys} />
        ))}
      </div>
    </Modal>
  );
}

function Keys({ title, keys }: { title: string; keys: readonly Shortcut[] }) {
  return (
    <section className={styles.section}>
      <Title order={3}>{title}</Title>
      <dl>
        {keys.map((shortcut) => (
          <div key={shortcut.does}>
            <dt>
              {shortcut.keys.map((key) => (
                <Kbd key={key} size="xs">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{shortcut.does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
