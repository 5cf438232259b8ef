// Improvements only: every page works as plain links and forms without this file, but for live parts.

// The one place where the server's HTML becomes DOM (Trusted Types policy "app").
const policy = globalThis.trustedTypes?.createPolicy("app", { createHTML: (html) => html });
const parse = (html) =>
  new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");

const COPIED_SHOWN_MS = 2500;
const RELATIVE_EVERY_MS = 10_000;
const SECRET_MAX_BYTES = 16 * 1024;

// --- Theme, notices, copy ---------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  if (hit("[data-theme-toggle]")) toggleTheme();
  hit("[data-dismiss]")?.closest(".notice").remove();
  const button = hit("[data-copy]");
  if (button) copy(button);
});

function toggleTheme() {
  const root = document.documentElement;
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme ?? preferred) === "dark" ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

async function copy(button) {
  const said = button.nextElementSibling; // <span role="status">: shown and announced
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    said.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling); // plain http has no clipboard
    said.textContent = "Press Ctrl+C";
  }
  setTimeout(() => (said.textContent = ""), COPIED_SHOWN_MS);
}

// --- <live-stack src data-refresh>: a stack's timeline and status, while something changes -------

customElements.define(
  "live-stack",
  class extends HTMLElement {
    connectedCallback() {
      this.source = new EventSource(this.getAttribute("src"));
      this.source.onopen = () => this.say("Live");
      this.source.onerror = () =>
        this.say(
          this.source.readyState === EventSource.CLOSED
            ? "Live updates stopped. Reload the page."
            : "Connection lost. Reconnecting…",
        );
      const on = (name, act) => this.source.addEventListener(name, (event) => act(event.data));
      on("row", (html) => this.querySelector("ol").prepend(...parse(html).body.childNodes));
      on("status", (html) => replace("#status", parse(html)));
      on("done", () => this.finish());
      on("gone", (path) => location.assign(path));
    }
    disconnectedCallback() {
      this.source.close();
    }
    say(text) {
      this.querySelector("[data-state]").textContent = text;
    }
    async finish() {
      this.source.close();
      this.say("Up to date");
      const parts = this.dataset.refresh.split(" ").filter(Boolean);
      if (!parts.length) return;
      const fresh = parse(await (await fetch(location.pathname)).text());
      for (const part of parts) replace(part, fresh);
    }
  },
);

// Put the part of `fresh` in place of the page's own, and keep the focus where it was.
function replace(selector, fresh) {
  const [old, next] = [document.querySelector(selector), fresh.querySelector(selector)];
  if (!old || !next) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const same = focused?.id ? `#${focused.id}` : focused?.dataset.copy && `[data-copy="${CSS.escape(focused.dataset.copy)}"]`;
  old.replaceWith(next);
  if (same) next.querySelector(same)?.focus();
}

// --- Times: "3 minutes ago", seconds that run, seconds that are left -----------------------------

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

class Ticking extends HTMLElement {
  every = 1000;
  connectedCallback() {
    this.show();
    this.timer = setInterval(() => this.show(), this.every);
  }
  disconnectedCallback() {
    clearInterval(this.timer);
  }
}

customElements.define(
  "relative-time",
  class extends Ticking {
    every = RELATIVE_EVERY_MS;
    show() {
      const time = this.querySelector("time");
      time.title ||= time.textContent;
      const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
      const [unit, size] = UNITS.find(([, n]) => Math.abs(seconds) >= n) ?? UNITS.at(-1);
      time.textContent = relative.format(Math.round(seconds / size), unit);
    }
  },
);

const minutes = (s) => (s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`);

customElements.define(
  "elapsed-time",
  class extends Ticking {
    show() {
      this.textContent = minutes(Math.max(0, Math.round((Date.now() - new Date(this.dataset.since)) / 1000)));
    }
  },
);

customElements.define(
  "time-left",
  class extends Ticking {
    show() {
      const left = Math.round((new Date(this.dataset.until) - Date.now()) / 1000);
      this.textContent = left > 0 ? minutes(left) : "over: refresh for a new answer";
    }
  },
);

// --- <filter-select>: a box that narrows the long <select> inside -------------------------------

customElements.define(
  "filter-select",
  class extends HTMLElement {
    connectedCallback() {
      const [box, select] = [this.querySelector("input"), this.querySelector("select")];
      const all = [...select.options];
      select.size = 7;
      box.hidden = false;
      box.addEventListener("input", () => {
        const wanted = box.value.trim().toLowerCase();
        const shown = all.filter((option) => option.text.toLowerCase().includes(wanted));
        select.replaceChildren(...shown);
        if (wanted && shown.length && !shown.some((option) => option.selected)) shown[0].selected = true;
        this.querySelector("[role=status]").textContent = shown.length
          ? `${shown.length} of ${all.length}`
          : "Nothing matches";
      });
    }
  },
);

// --- <secret-drop>: a key may be dropped as a file ----------------------------------------------

customElements.define(
  "secret-drop",
  class extends HTMLElement {
    connectedCallback() {
      const field = this.querySelector("textarea");
      this.addEventListener("dragover", (event) => {
        event.preventDefault();
        this.classList.add("over");
      });
      this.addEventListener("dragleave", () => this.classList.remove("over"));
      this.addEventListener("drop", async (event) => {
        event.preventDefault();
        this.classList.remove("over");
        const file = event.dataTransfer.files[0];
        if (file && file.size > SECRET_MAX_BYTES) return this.say("This file is over 16 KiB: no key is.");
        field.value = file ? await file.text() : event.dataTransfer.getData("text");
        this.say("");
      });
    }
    say(text) {
      this.querySelector("[role=status]").textContent = text;
    }
  },
);
