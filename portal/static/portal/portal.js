/* What cannot be said in templates: the name that SimpleBar gives to its boxes, in the language of the page. */
document.addEventListener("DOMContentLoaded", () => {
    if (window.SimpleBar && document.documentElement.lang.startsWith("zh")) {
        window.SimpleBar.defaultOptions.ariaLabel = "可滚动的内容";
    }
});
