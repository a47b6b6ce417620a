// Draws the value of the progress card (see progress.py); its preview is shown by the canvas.
const card = element.querySelector('.pp-progress'), line = element.querySelector('.pp-line');
const bar = element.querySelector('.pp-bar');
let previewed = null;

function tellCanvas(url) {
  if (url === previewed) return;
  previewed = url;
  document.dispatchEvent(new CustomEvent('pp-preview', { detail: url }));
}

function show() {
  const { state = 'idle', text = '', step = 0, total = 0, run = 0, preview = '' } = props.value || {};
  const painting = state === 'painting';
  card.hidden = state === 'idle';
  card.dataset.state = state;
  if (run) card.dataset.run = run;
  const words = ppText(text);
  line.setAttribute('role', state === 'failed' ? 'alert' : 'status');
  if (line.textContent !== words) line.textContent = words;
  bar.hidden = !painting;
  const share = total ? Math.round((100 * step) / total) : 0;
  bar.classList.toggle('pp-endless', !total);
  if (total) bar.setAttribute('aria-valuenow', String(share));
  else bar.removeAttribute('aria-valuenow');
  bar.firstElementChild.style.width = total ? `${share}%` : '';
  // A step without a preview leaves the last one; the wait for the next variation does not.
  if (painting && preview) tellCanvas(preview);
  else if (!painting || !step) tellCanvas(null);
}

ppTranslate(element);
watch('value', show);
show();
