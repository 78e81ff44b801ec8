/* Gives a list of faults in words; run in the page by tests/kit/accessibility.py. */
() => {
    const faults = [];
    const say = (one, what) => faults.push(`${what}: ${one.outerHTML.replace(/\s+/g, " ").slice(0, 140)}`);
    const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && !one.closest("[aria-hidden=true]");
    const unseen = (one) => { const box = one.getBoundingClientRect(); return box.width <= 1 || box.height <= 1; };

    // Language and title.
    if (!/^(zh|en)/i.test(document.documentElement.lang)) faults.push("the page names no language");
    if (!document.title.trim()) faults.push("the page has no title");

    // Headings: one of the first level, none skipped.
    const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((one) => one.checkVisibility());
    if (headings.filter((one) => one.tagName === "H1").length !== 1)
        faults.push(`${headings.filter((one) => one.tagName === "H1").length} headings of the first level`);
    let before = 0;
    for (const one of headings) {
        const level = Number(one.tagName[1]);
        if (before && level > before + 1) say(one, `a heading skips from ${before} to ${level}`);
        if (!one.innerText.trim()) say(one, "an empty heading");
        before = level;
    }

    // One main part, reached by the skip link.
    const skip = document.querySelector(".pp-skip");
    if (skip && !document.querySelector(skip.getAttribute("href"))) say(skip, "the skip link leads nowhere");

    // Names.
    const byId = (ids) => (ids || "").split(/\s+/).map((id) => document.getElementById(id)?.innerText ?? "").join(" ").trim();
    const icons = (one) => [...one.querySelectorAll(".material-symbols-outlined")].map((icon) => icon.textContent.trim());
    const named = (one) => {
        const label = one.getAttribute("aria-label") || byId(one.getAttribute("aria-labelledby")) || one.getAttribute("title");
        if (label && label.trim()) return true;
        if (one.labels && [...one.labels].some((each) => each.innerText.trim())) return true;
        let text = one.textContent;
        for (const word of icons(one)) text = text.replace(word, "");
        if (!/^(INPUT|SELECT|TEXTAREA)$/.test(one.tagName) && text.trim()) return true;
        if (["submit", "button"].includes(one.type) && one.value) return true;
        return [...one.querySelectorAll("img[alt], svg[aria-label], [title]")].some((each) => each.alt || each.ariaLabel || each.title);
    };
    for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], [role=button]"))
        if (shown(one) && !named(one)) say(one, "has no name");
    for (const one of document.querySelectorAll("img")) if (!one.hasAttribute("alt")) say(one, "a picture without alt");
    for (const one of document.querySelectorAll("[aria-describedby], [aria-labelledby], [aria-controls]"))
        for (const name of ["aria-describedby", "aria-labelledby"])
            for (const id of (one.getAttribute(name) || "").split(/\s+/).filter(Boolean))
                if (!document.getElementById(id)) say(one, `${name} names ${id}, which is not there`);
    for (const one of document.querySelectorAll("progress")) if (shown(one) && !named(one)) say(one, "a bar without a name");

    // Ids once.
    const ids = {};
    for (const one of document.querySelectorAll("[id]")) {
        if (one.closest("svg")) continue;
        if (ids[one.id]) say(one, `the id ${one.id} stands twice`);
        ids[one.id] = true;
    }

    // Contrast: every text against what lies behind it; letters of 24 px, or 18.66 px bold, need 3, others 4.5.
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const cache = {};
    const rgba = (color) => {
        if (!cache[color]) {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
            cache[color] = [red, green, blue, alpha / 255];
        }
        return cache[color];
    };
    const over = (front, back) => [0, 1, 2].map((at) => front[at] * front[3] + back[at] * (1 - front[3])).concat(1);
    const behind = (one) => {
        const layers = [];
        for (let at = one; at; at = at.parentElement) {
            const style = getComputedStyle(at);
            if (style.backgroundImage !== "none") return null;
            const color = rgba(style.backgroundColor);
            if (color[3] > 0) layers.push(color);
            if (color[3] === 1) break;
        }
        const dark = document.documentElement.classList.contains("dark");
        let found = dark ? [20, 20, 20, 1] : [255, 255, 255, 1];
        for (const layer of layers.reverse()) found = over(layer, found);
        return found;
    };
    const light = (color) => {
        const [red, green, blue] = color.map((part) => { const share = part / 255; return share <= .04045 ? share / 12.92 : ((share + .055) / 1.055) ** 2.4; });
        return .2126 * red + .7152 * green + .0722 * blue;
    };
    const seen = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const one = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || seen.has(one) || /^(SCRIPT|STYLE|OPTION|NOSCRIPT|TEMPLATE)$/.test(one.tagName)) continue;
        seen.add(one);
        if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || unseen(one)) continue;
        if (one.closest("[disabled], [aria-disabled=true]")) continue;
        const style = getComputedStyle(one);
        const back = behind(one);
        if (back === null) continue;
        const front = over(rgba(style.color), back);
        const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
        const ratio = (high + .05) / (low + .05);
        const size = parseFloat(style.fontSize);
        const asked = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) || one.classList.contains("material-symbols-outlined") ? 3 : 4.5;
        if (ratio < asked - .005) say(one, `contrast ${ratio.toFixed(2)} where ${asked} is asked`);
    }

    // Targets (2.5.8): 24 by 24 px, or a circle of 24 px around the middle that meets no other target and no other such circle.
    // Links within a line of text are excepted; a box that a label names is pressed by its label, too.
    const own = "button, [role=button], input:not([type=hidden]), select, textarea, summary, .pp-button";
    const inLine = (one) => one.tagName === "A" && getComputedStyle(one).display === "inline"
        && [...one.parentElement.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.textContent.trim());
    const targets = [...document.querySelectorAll(`${own}, a[href]`)]
        .filter((one) => shown(one) && !inLine(one) && !one.matches(":disabled"))
        .map((one) => {
            const box = one.getBoundingClientRect();
            return { one, box, small: box.width < 23.5 || box.height < 23.5, x: box.x + box.width / 2, y: box.y + box.height / 2 };
        })
        .filter((each) => each.box.width > 1 && each.box.height > 1);
    const away = (each, box) => Math.hypot(
        Math.max(box.left - each.x, 0, each.x - box.right), Math.max(box.top - each.y, 0, each.y - box.bottom));
    for (const each of targets.filter((target) => target.small)) {
        const near = targets.find((other) => other !== each && !other.one.contains(each.one) && !each.one.contains(other.one)
            && ![...(each.one.labels ?? [])].some((label) => label.contains(other.one))
            && (away(each, other.box) < 11.5 || (other.small && Math.hypot(other.x - each.x, other.y - each.y) < 23.5)));
        if (near) say(each.one, `a target of ${Math.round(each.box.width)} by ${Math.round(each.box.height)} px beside another`);
    }

    // Tables name their columns.
    for (const one of document.querySelectorAll("table"))
        if (one.checkVisibility() && one.rows.length > 1 && !one.querySelector("th")) say(one, "a table without headings");
    return faults;
}
