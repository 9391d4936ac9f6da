// Passkeys: asks for a challenge, has the browser talk to the person's device, and sends the answer with the page's form.
// Without this script, or in a browser without passkeys, the pages work as they do anyway: what needs it stays hidden.
"use strict";
(() => {
  const forms = document.querySelectorAll("form[data-passkey]");
  if (!forms.length || !window.PublicKeyCredential || !navigator.credentials || !window.fetch) return;

  // For browsers from before 2025, which don't read and write JSON themselves.
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const keys = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const creation = (options) =>
    PublicKeyCredential.parseCreationOptionsFromJSON
      ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
      : {
          ...options,
          challenge: bytes(options.challenge),
          user: { ...options.user, id: bytes(options.user.id) },
          excludeCredentials: keys(options.excludeCredentials),
        };
  const request = (options) =>
    PublicKeyCredential.parseRequestOptionsFromJSON
      ? PublicKeyCredential.parseRequestOptionsFromJSON(options)
      : { ...options, challenge: bytes(options.challenge), allowCredentials: keys(options.allowCredentials) };
  const written = (credential) => {
    if (credential.toJSON) return JSON.stringify(credential);
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    const { id, type } = credential;
    return JSON.stringify({ id, rawId: text(credential.rawId), type, response, clientExtensionResults: {} });
  };

  // What the browser says, in words.
  const WORDS = {
    NotAllowedError: "That was cancelled, or took too long. Nothing was changed: try again when you’re ready.",
    AbortError: "That was cancelled. Nothing was changed.",
    InvalidStateError: "This device has a passkey for your account already.",
    NotSupportedError: "This device can’t make a passkey of the kind that’s needed here. Try another device or a password manager.",
    ConstraintError: "This device can’t check that it’s you. Set up a PIN, fingerprint or face on it, or try another one.",
    SecurityError: "Your browser doesn’t use passkeys at this address. Use another way.",
  };

  class Told extends Error {}

  // The challenge for a form; what is refused is told in the answer.
  const challenge = async (form) => {
    let response;
    try {
      response = await fetch(form.dataset.ask, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
    } catch {
      throw new Told("The page couldn’t be reached. Check your connection and try again.");
    }
    if (response.redirected) {
      location.assign(response.url);
      throw new Told("This page is out of date. We’re reloading it.");
    }
    const answer = await response.json().catch(() => ({}));
    if (answer.form_token) {
      for (const field of document.querySelectorAll("input[name=form_token]")) field.value = answer.form_token;
    }
    if (!response.ok) throw new Told(answer.detail || "That didn’t work. Reload the page and try again.");
    return answer;
  };

  const answered = async (form) => {
    const { handle, options } = await challenge(form);
    const credential =
      form.dataset.passkey === "add"
        ? await navigator.credentials.create({ publicKey: creation(options) })
        : await navigator.credentials.get({ publicKey: request(options) });
    form.elements.handle.value = handle;
    form.elements.answer.value = written(credential);
    // It was checked, and goes out once.
    if (form.elements.current) form.elements.current.value = "";
  };

  for (const form of forms) {
    const [status, problem] = [form.querySelector("[role=status]"), form.querySelector("[role=alert]")];
    const say = (waiting, wrong) => {
      status.textContent = waiting;
      problem.textContent = wrong;
      problem.hidden = !wrong;
    };
    let busy = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      say("Waiting for your passkey…", "");
      try {
        await answered(form);
        form.submit();
      } catch (error) {
        busy = false;
        const words = error instanceof Told ? error.message : WORDS[error.name];
        say("", words || "That didn’t work. Try again, or use another way.");
      }
    });
    // Whoever comes back to the page begins anew.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      busy = false;
      say("", "");
    });
    form.hidden = false;
  }
  for (const one of document.querySelectorAll("[data-no-passkey]")) one.hidden = true;
})();
