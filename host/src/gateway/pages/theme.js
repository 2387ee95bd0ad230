// Runs before the page is drawn, so that a chosen theme does not flash in.
try {
    const theme = localStorage.getItem("tenon.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
    // without storage the system decides
}
