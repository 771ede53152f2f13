import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

import { paths } from "~/app/paths";
import { DataTable, useWindow } from "~/components";

import { ACTION_KEYS, useAlertActions } from "./AlertActions";
import { alertColumns, NarrowAlert } from "./columns";
import { NoAlerts } from "./NoAlerts";
import { keys, readPage, SORTS, type Alert, type Wanted } from "./queries";
import { SelectionBar } from "./SelectionBar";
import { useSelection } from "./selection";

const DEFAULT_SORT = "severity";

/** Alerts row by row: only those on the screen are read. */
export function AlertTable({
  wanted,
  sort = DEFAULT_SORT,
  onSort,
}: {
  wanted: Wanted;
  sort: (typeof SORTS)[number] | undefined;
  onSort: (sort: (typeof SORTS)[number] | undefined) => void;
}) {
  const navigate = useNavigate();
  const key = keys.list(wanted, sort);
  const read = useCallback(
    (offset: number, limit: number, signal: AbortSignal) => readPage(wanted, sort, offset, limit, signal),
    [wanted, sort],
  );
  const rows = useWindow<Alert>(key, read);
  const selection = useSelection();
  const actions = useAlertActions(selection.clear);
  const choose = (chosen: ReadonlySet<string>) => {
    const found: Alert[] = [];
    for (let place = 0; place < rows.total; place += 1) {
      const row = rows.at(place);
      if (row !== undefined && chosen.has(row.fingerprint)) found.push(row);
    }
    selection.keep(chosen, found);
  };
  const onKey = (pressed: string, row: Alert | undefined) => {
    const kind = ACTION_KEYS[pressed];
    if (kind !== undefined)
      actions.open(kind, selection.alerts.length > 0 ? selection.alerts : row ? [row] : []);
    else if (pressed === "Escape" && selection.alerts.length > 0) selection.clear();
    else return false;
    return true;
  };
  return (
    <>
      <DataTable
        label="Alerts"
        columns={alertColumns}
        rows={rows}
        rowKey={(alert) => alert.fingerprint}
        onOpen={(alert) => void navigate({ to: paths.alert(alert.fingerprint) })}
        onKey={onKey}
        sort={sort}
        onSort={(next) => onSort(SORTS.find((one) => one === next && one !== DEFAULT_SORT))}
        selected={selection.keys}
        onSelect={choose}
        narrow={(alert) => <NarrowAlert alert={alert} />}
        empty={<NoAlerts wanted={wanted} />}
        height="calc(100dvh - 204px)"
      />
      <SelectionBar
        selection={selection}
        total={rows.total}
        onAct={(kind) => actions.open(kind, selection.alerts)}
        readAll={async () => {
          const page = await readPage(wanted, sort, 0, 1000, new AbortController().signal);
          return page.rows;
        }}
      />
      {actions.dialogs}
    </>
  );
}
