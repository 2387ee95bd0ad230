// Runs in the page.

/** Texts that have less contrast to their ground than 4.5:1 (3:1 if large), as the WCAG counts. */
export function lowContrast() {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const ground = (element) => {
        const own = rgba(getComputedStyle(element).backgroundColor);
        if (own[3] === 1) return own;
        return over(own, element.parentElement ? ground(element.parentElement) : [255, 255, 255, 1]);
    };
    const luminance = (color) => {
        const [r, g, b] = color.map((value) => {
            const c = value / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        if (text === "" || !element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.closest(".sr-only, noscript, script, style, option, svg, :disabled")) continue;
        const style = getComputedStyle(element);
        const below = ground(element);
        const light = [luminance(over(rgba(style.color), below)), luminance(below)].sort((a, b) => b - a);
        const ratio = (light[0] + 0.05) / (light[1] + 0.05);
        const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
        if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)}: ${text.slice(0, 40)} (${element.className})`);
    }
    return found;
}

/** Controls without a name for those who do not see them. */
export function namelessControls() {
    const controls = [...document.querySelectorAll("button, select, input, textarea, [role=slider], [role=img]")];
    return controls.filter((control) => control.checkVisibility())
        .filter((control) => !(control.getAttribute("aria-label") || control.getAttribute("aria-labelledby") ||
            control.textContent.trim() && control.tagName === "BUTTON" || control.labels?.length > 0))
        .map((control) => control.outerHTML.slice(0, 120));
}
