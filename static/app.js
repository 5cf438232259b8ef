// Progressive enhancement: without these files every page still works as plain links and forms; only
// the live parts need them. This one is for every page; live.js and forms.js for those that ask for it.

const COPIED_SHOWN_MS = 2500;
const SEND_AGAIN_AFTER_MS = 60_000;
const ANNOUNCED_AFTER_MS = 200;
const RELATIVE_EVERY_MS = 10_000;

// The answer to a form has no address of its own: in the address bar is that of the form's page.
const { address } = document.getElementById("main").dataset;
if (address) history.replaceState(null, "", address);

// --- Theme, notices, copy -------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  if (hit("[data-theme-toggle]")) toggleTheme();
  const dismiss = hit("[data-dismiss]");
  if (dismiss) {
    (dismiss.closest(".of-action") ?? dismiss.closest(".notice")).remove();
    document.getElementById("main").focus({ preventScroll: true });
  }
  const button = hit("[data-copy], [data-copy-of]");
  if (button) copy(button);
  const slow = hit("a[data-slow]");
  if (slow && !(event.ctrlKey || event.metaKey || event.shiftKey)) wait(slow);
});

// A link to a page that asks AWS first: there is a sign of work until it is shown.
function wait(link) {
  link.setAttribute("aria-busy", "true");
  document.getElementById("announcer").textContent = "Checking…";
}

// A form is sent once, however often its button is pressed before the response arrives. Meanwhile the
// button is busy, and `data-sending` of the form says what is being waited for.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("sent" in form.dataset) return event.preventDefault();
  form.dataset.sent = "";
  event.submitter?.setAttribute("aria-busy", "true");
  if (form.dataset.sending) form.querySelector("[role=status]").textContent = form.dataset.sending;
  setTimeout(() => release(form), SEND_AGAIN_AFTER_MS);
});

// "Back" may show the page as it was left.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[data-sent]").forEach(release);
  document.querySelectorAll("a[aria-busy]").forEach((link) => link.removeAttribute("aria-busy"));
});

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  if (form.dataset.sending) form.querySelector("[role=status]").textContent = "";
}

// Screen readers say what changes in a live region, not what is in it when the page is loaded.
const notice = document.querySelector(".of-action [role=status]");
if (notice) setTimeout(() => notice.replaceChildren(notice.textContent), ANNOUNCED_AFTER_MS);

// What the notice is about begins below it, however many lines it has.
if (notice) {
  const height = notice.closest(".of-action").offsetHeight;
  document.documentElement.style.setProperty("--notice", `${height}px`);
  document.querySelector(":target")?.scrollIntoView();
}

function toggleTheme() {
  const root = document.documentElement;
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme ?? preferred) === "dark" ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

// `data-copy` is the text itself; `data-copy-of` the id of the element that holds it.
async function copy(button) {
  const status = button.nextElementSibling; // <span role="status">: shown and announced
  const source = document.getElementById(button.dataset.copyOf) ?? button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? source.textContent);
    status.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // plain http has no clipboard
    status.textContent = "Press Ctrl+C";
  }
  setTimeout(() => (status.textContent = ""), COPIED_SHOWN_MS);
}

// --- Times: "3 minutes ago", elapsed time, time left ---------------------------------------------

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

const duration = (s) => (s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`);

customElements.define(
  "elapsed-time",
  class extends Ticking {
    show() {
      this.textContent = duration(Math.max(0, Math.round((Date.now() - new Date(this.dataset.since)) / 1000)));
    }
  },
);

customElements.define(
  "time-left",
  class extends Ticking {
    show() {
      const left = Math.round((new Date(this.dataset.until) - Date.now()) / 1000);
      this.textContent = left > 0 ? `${duration(left)} left` : "Expired";
    }
  },
);
