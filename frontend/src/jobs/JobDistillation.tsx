export function JobDistillation() {
  return null;
}
