/* What cannot be said in templates. */

/* The name that SimpleBar gives to its boxes, in the language of the page. */
document.addEventListener("DOMContentLoaded", () => {
    if (window.SimpleBar && document.documentElement.lang.startsWith("zh")) {
        window.SimpleBar.defaultOptions.ariaLabel = "可滚动的内容";
    }
});

/* Unfold hangs clicks on elements that no keyboard reaches: make buttons of them. */
const CLICKED = "x-on\\:click";
const NATIVE = "a[href], button, input, select, textarea, summary, label, [tabindex]";

function openToKeyboard() {
    for (const one of document.querySelectorAll(`[${CLICKED}], [${CLICKED}\\.prevent]`)) {
        if (!one.matches(NATIVE)) {
            one.tabIndex = 0;
            one.setAttribute("role", "button");
            one.dataset.keyboard = "";
        }
    }
}

document.addEventListener("DOMContentLoaded", openToKeyboard);
document.addEventListener("htmx:afterSwap", openToKeyboard);
document.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("[data-keyboard]")) {
        event.preventDefault();
        event.target.click();
    }
});
