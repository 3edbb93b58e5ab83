// Keeps the parts marked data-live fresh. Without it the pages say what was true when they were loaded.
const SECONDS_BETWEEN = 2;

async function refresh() {
  if (document.hidden) return;
  let answer;
  try {
    answer = await fetch(location.pathname, { redirect: "error" });
  } catch {
    return; // the server has gone: what stands is the last that was known
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next && next.outerHTML !== part.outerHTML && !part.contains(document.activeElement)) part.replaceWith(next);
  }
  showLatest();
}

function showLatest() {
  const screen = document.querySelector('pre[data-live="screen"]');
  if (screen) screen.scrollTop = screen.scrollHeight;
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => form.classList.add("busy"));
}
showLatest();
setInterval(refresh, SECONDS_BETWEEN * 1000);
