export function JobSystem() {
  return null;
}
