// Draws the progress card; see progress.py.
const [card, line, bar] = ['.pp-progress', '.pp-line', '.pp-bar'].map((selector) => element.querySelector(selector));
let preview = '';

function show() {
	const { state, run, text = '', step, total, preview: next } = props.value, words = ppText(text);
	card.dataset.state = state;
	if (run) card.dataset.run = run;
	line.role = state === 'failed' ? 'alert' : 'status';
	if (line.textContent !== words) line.textContent = words;
	bar.ariaValueNow = total ? Math.round((100 * step) / total) : null;
	bar.style.setProperty('--share', `${bar.ariaValueNow}%`);
	preview = step ? next || preview : '';
	document.dispatchEvent(new CustomEvent('pp-progress', { detail: { preview, begun: total >= 0 } }));
}

watch('value', show);
show();
ppTranslate(element);
