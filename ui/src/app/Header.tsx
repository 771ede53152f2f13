import { ActionIcon, Menu, Tooltip, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import {
  IconClock,
  IconDeviceDesktop,
  IconKeyboard,
  IconLogout,
  IconMenu2,
  IconMoon,
  IconSun,
  IconUser,
  IconWorld,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useRouter, type AnyRouter } from "@tanstack/react-router";

import { del } from "~/api";

import styles from "./Header.module.css";
import { LiveMark } from "./LiveMark";
import { paths } from "./paths";
import { useZone } from "./preferences";
import { SearchButton } from "./SearchButton";
import { useSession } from "./session";

const SCHEMES: Record<MantineColorScheme, { next: MantineColorScheme; label: string; icon: typeof IconSun }> =
  {
    auto: { next: "light", label: "Colours as the system has them", icon: IconDeviceDesktop },
    light: { next: "dark", label: "Light colours", icon: IconSun },
    dark: { next: "auto", label: "Dark colours", icon: IconMoon },
  };

export function Header({ onMenu, onSearch, onHelp }: Record<"onMenu" | "onSearch" | "onHelp", () => void>) {
  return (
    // What lies over the page has headers of its own: this one has a name instead.
    <section className={styles.header} aria-label="Tools">
      <ActionIcon className={styles.menu} onClick={onMenu} aria-label="Open the navigation">
        <IconMenu2 size={18} />
      </ActionIcon>
      <SearchButton onClick={onSearch} />
      <div className={styles.space} />
      <LiveMark />
      <ZoneSwitch />
      <ThemeSwitch />
      <UserMenu onHelp={onHelp} />
    </section>
  );
}

function ZoneSwitch() {
  const [zone, setZone] = useZone();
  const isUtc = zone === "utc";
  const label = isUtc ? "Times in UTC; switch to local time" : "Times in local time; switch to UTC";
  return (
    <Tooltip label={label}>
      <ActionIcon onClick={() => setZone(isUtc ? "local" : "utc")} aria-label={label}>
        {isUtc ? <IconWorld size={17} /> : <IconClock size={17} />}
      </ActionIcon>
    </Tooltip>
  );
}

function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { next, label, icon: Icon } = SCHEMES[colorScheme];
  return (
    <Tooltip label={label}>
      <ActionIcon onClick={() => setColorScheme(next)} aria-label={`${label}; switch`}>
        <Icon size={17} />
      </ActionIcon>
    </Tooltip>
  );
}

function UserMenu({ onHelp }: { onHelp: () => void }) {
  const { session, leave } = useSession();
  const router: AnyRouter = useRouter();
  const signOut = useMutation({ mutationFn: () => del("/api/v1/session"), onSettled: leave });
  const name = session?.user.displayName || (session?.user.name ?? "");
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon aria-label={`Signed in as ${name}`}>
          <IconUser size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{name}</Menu.Label>
        <Menu.Item
          leftSection={<IconUser size={15} />}
          onClick={() => void router.navigate({ to: paths.settings("account") })}
        >
          Your account
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={15} />} onClick={onHelp}>
          Keys
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
