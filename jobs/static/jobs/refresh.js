/* Renews the parts of a page that show live jobs; when the last of them has ended, loads the page once more. */
(() => {
    "use strict";
    const EVERY_MS = 2000;
    const SLOWEST_MS = 30000;
    let delay = EVERY_MS;

    const running = () => document.querySelector("[data-live-on]") !== null;

    const renew = async () => {
        if (document.hidden) {
            schedule(EVERY_MS);
            return;
        }
        try {
            const answer = await fetch(window.location.href, {
                headers: { "X-Background": "1" },
                credentials: "same-origin",
                redirect: "error",
            });
            if (!answer.ok) {
                throw new Error(String(answer.status));
            }
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
            document.querySelectorAll("[data-live]").forEach((part) => {
                const other = fresh.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
                if (other !== null) {
                    part.innerHTML = other.innerHTML;
                    part.toggleAttribute("data-live-on", other.hasAttribute("data-live-on"));
                }
            });
            delay = EVERY_MS;
            if (!running()) {
                window.location.reload();
                return;
            }
        } catch {
            /* Signed out, offline or restarting: ask again, less often. */
            delay = Math.min(delay * 2, SLOWEST_MS);
        }
        schedule(delay);
    };

    const schedule = (after) => window.setTimeout(renew, after);

    document.addEventListener("DOMContentLoaded", () => {
        if (running()) {
            schedule(EVERY_MS);
        }
    });
})();
