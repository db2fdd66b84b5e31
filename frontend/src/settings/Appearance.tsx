import { setPlainShortcuts, usePlainShortcuts } from "@/shortcuts/plain";
import { choose, type Theme, useChoice } from "@/theme";
import { Card } from "@/ui/Card";
import { Switch } from "@/ui/Switch";
import { Choice } from "@/uploads/Choice";

const THEMES = [
  { key: "system", name: "As the system" },
  { key: "light", name: "Light" },
  { key: "dark", name: "Dark" },
] as const;

export function Appearance() {
  const theme = useChoice();
  const plain = usePlainShortcuts();
  return (
    <div className="stack narrow">
      <Card title="Theme">
        <Choice<Theme | "system"> label="Theme" choices={THEMES} value={theme} onChange={choose} />
      </Card>
      <Card title="Keyboard">
        <Switch
          label="Single keys are shortcuts"
          note="g j for the jobs, / for the search, ? for all of them. Ctrl K or ⌘ K works either way."
          on={plain}
          onChange={setPlainShortcuts}
        />
      </Card>
      <p className="small soft">Both are remembered by this browser alone.</p>
    </div>
  );
}
