// Before the first paint, and a file of its own because the page allows no inline script: a theme that was chosen
// here before. Without one the system's own is followed.
const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
