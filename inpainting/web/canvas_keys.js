// What keys do.
const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
const KEYS = {
	'[': () => setBrush(Math.floor(brush / 1.2)),
	']': () => setBrush(Math.ceil(brush * 1.2)),
	'\\': () => flag('pp-original', true),
	delete: remove,
	backspace: remove,
};
const TYPED = 'textarea, select, input:not([type="range"], [type="radio"], [type="checkbox"])';

function remove() {
	const spot = cursor ? cursorSpot() : lastSpot, index = spot ? pointAt(spot) : -1;
	if (index >= 0) act('remove', { index }, { gone: index });
	else act('part-delete', { key: shown.parts[shown.active].key });
}

function tell(text, values) {
	$('.pp-told').textContent = say(text, values);
}

function moveCursor([x, y], far) {
	const from = cursor ? cursorSpot() : middle(), step = Math.max(1, view.scale) * (far ? 10 : 1);
	cursor = pixelAt({ x: from.x + x * step, y: from.y + y * step });
	const at = cursorSpot(), inwards = (place, length) => between(24, place, length - 24) - place;
	look({ ...view, x: view.x + inwards(at.x, stage.clientWidth), y: view.y + inwards(at.y, stage.clientHeight) });
	if (pointers.has('cursor')) drag('cursor', cursorSpot());
	tell('Cursor at {x}, {y}', cursor);
}

function enter(shiftKey) {
	if (gesture) return release('cursor');
	press('cursor', cursorSpot(), { shiftKey });
	if (tool === 'box' && gesture.kind === 'click' && !segments) gesture.kind = 'box';
	else if (gesture.kind !== 'stroke') return release('cursor');
	drag('cursor', cursorSpot());
	return tell('Begun; move the cursor and press Enter again.');
}

function escape() {
	const stop = document.getElementById('pp-stop');
	if (gesture) forget();
	else if (segments) toggleSegments(false);
	else if (stop?.offsetParent) stop.click();
	cursor = null;
	redraw();
}

function onKey({ key: name = '', target, shiftKey, ctrlKey, metaKey, altKey }) {
	const key = name.toLowerCase(), focused = target === stage, typing = target.closest(TYPED);
	const button = document.querySelector(`[data-key~="${CSS.escape(key)}"]`);
	if (help.open || altKey) return false;
	if (key === 'escape') return escape();
	if (ctrlKey || metaKey) {
		if (key === 'enter') document.getElementById('pp-repaint').click();
		else if (!typing && (key === 'z' || key === 'y')) act(key === 'y' || shiftKey ? 'redo' : 'undo');
		else return false;
	} else if (typing || (!size() && key !== '?')) return false;
	else if (button) button.click();
	else if (KEYS[key]) KEYS[key]();
	else if (key === ' ' && (focused || target === document.body)) flag('pp-space', true);
	else if (focused && ARROWS[key]) moveCursor(ARROWS[key], shiftKey);
	else if (focused && cursor && key === 'enter') enter(shiftKey);
	else return false;
	return true;
}

onWide(window, 'keydown', (event) => onKey(event) && event.preventDefault());
onWide(window, 'keyup blur', () => root.classList.remove('pp-space', 'pp-original'));

function toggleFull() {
	if (document.fullscreenElement) document.exitFullscreen();
	else if (root.requestFullscreen) root.requestFullscreen();
	else root.classList.toggle('pp-full'); // an iPhone has none
}
