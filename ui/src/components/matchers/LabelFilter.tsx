import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { FilterInput, type FilterProps } from "~/components/FilterInput";

import { labelsQuery, PAUSE_MS } from "./queries";

/** The value of a label to filter by, completed from the alerts that fire or did lately; any other can be written as well. */
export function LabelFilter({ name, ...rest }: FilterProps & { name: string }) {
  const [typed, setTyped] = useState("");
  const [settled] = useDebouncedValue(typed, PAUSE_MS);
  const { data } = useQuery(labelsQuery(name, settled, [], "all"));
  return <FilterInput {...rest} options={data?.items.map(({ value }) => value)} onType={setTyped} />;
}
