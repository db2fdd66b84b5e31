import { Link, useSearch } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { Page } from "@/shell/Page";
import { Appearance } from "./Appearance";
import { Audit } from "./Audit";
import { Keys } from "./Keys";
import { Notifications } from "./Notifications";
import { Storage } from "./Storage";
import { SECTIONS, type Section } from "./search";
import { Webhooks } from "./webhooks/Webhooks";

const PARTS: Record<Section, { name: string; Part: ComponentType }> = {
  appearance: { name: "Appearance", Part: Appearance },
  notifications: { name: "Notifications", Part: Notifications },
  keys: { name: "API keys", Part: Keys },
  webhooks: { name: "Webhooks", Part: Webhooks },
  storage: { name: "Storage", Part: Storage },
  audit: { name: "Audit log", Part: Audit },
};

/** What can be set, each part at its own address. The first two belong to this browser, the others to the project. */
export function SettingsPage() {
  const { section = "appearance" } = useSearch({ from: "/shell/settings" });
  const { Part } = PARTS[section];
  return (
    <Page title="Settings">
      <nav className="tabs" aria-label="Settings">
        {SECTIONS.map((one) => (
          <Link
            key={one}
            to="/settings"
            search={one === "appearance" ? {} : { section: one }}
            activeOptions={{ exact: true }} // else the address alone makes each of them the current one
            aria-current={one === section ? "page" : undefined}
          >
            {PARTS[one].name}
          </Link>
        ))}
      </nav>
      <Part />
    </Page>
  );
}
