// Passkeys: a form with data-passkey asks the browser for one before it is sent.

const canParse = "parseRequestOptionsFromJSON" in (window.PublicKeyCredential ?? {});

async function answerOf(form) {
  const options = JSON.parse(form.dataset.passkey);
  const { parseCreationOptionsFromJSON, parseRequestOptionsFromJSON } = PublicKeyCredential;
  const credential = options.user
    ? await navigator.credentials.create({ publicKey: parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: parseRequestOptionsFromJSON(options) });
  return JSON.stringify(credential.toJSON());
}

for (const form of canParse ? document.querySelectorAll("form[data-passkey]") : []) {
  const { credential } = form.elements;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (credential.value) return;
    event.preventDefault();
    event.stopPropagation(); // nothing is sent yet
    const state = form.querySelector("[role=status]");
    state.textContent = "";
    try {
      credential.value = await answerOf(form);
    } catch {
      state.textContent = "No passkey was used: it was cancelled, or there is none for this site.";
      return;
    }
    form.requestSubmit();
  });
  window.addEventListener("pageshow", () => (credential.value = "")); // after "Back"
}
