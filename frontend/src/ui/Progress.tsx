/** How far something is, in percent. */
export function Progress({ percent, label, color }: { percent: number; label: string; color?: string }) {
  const value = Math.min(100, Math.max(0, percent));
  return (
    <span
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(value)}
    >
      <span style={{ width: `${value}%`, ...(color ? { background: color } : {}) }} />
    </span>
  );
}
