import { Autocomplete } from "@mantine/core";
import { useState } from "react";

interface FilterProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  width?: number;
  /** Reached by `/`. */
  isSearch?: boolean;
}

/** One value to filter by, taken when it is chosen, at Enter, or when one goes on; `options` complete what is typed. */
export function FilterInput(
  props: FilterProps & { options?: readonly string[]; onType?: (typed: string) => void },
) {
  // What stands in the address is what is written, however it came there.
  return <Field key={props.value} {...props} />;
}

function Field({
  label,
  placeholder,
  value,
  onChange,
  width = 150,
  isSearch = false,
  options = [],
  onType,
}: Parameters<typeof FilterInput>[0]) {
  const [text, setText] = useState(value ?? "");
  const take = (written: string) => {
    const next = written.trim() || undefined;
    if (next !== value) onChange(next);
  };
  return (
    <Autocomplete
      aria-label={label}
      placeholder={placeholder}
      w={width}
      data={[...new Set(options)]}
      value={text}
      onChange={(next) => {
        setText(next);
        onType?.(next);
      }}
      onOptionSubmit={take}
      onBlur={() => take(text)}
      onKeyDown={(event) => {
        // Unless an option is chosen: then that is taken.
        if (event.key === "Enter" && !event.currentTarget.getAttribute("aria-activedescendant")) take(text);
      }}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      maxDropdownHeight={260}
      autoComplete="off"
      spellCheck={false}
      {...(isSearch && { "data-search": "" })}
    />
  );
}

export type { FilterProps };
