import { Page } from "@/shell/Page";

export function ReferencePage() {
  return <Page title="API">{null}</Page>;
}
