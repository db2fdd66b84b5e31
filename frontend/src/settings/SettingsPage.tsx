import { Page } from "@/shell/Page";

export function SettingsPage() {
  return <Page title="Settings">{null}</Page>;
}
