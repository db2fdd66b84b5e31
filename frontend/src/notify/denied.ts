export const DENIED =
  "This browser was told not to show notifications of this page. Allow them beside its address, then ask again.";
