// What the canvas knows and sends.
const $ = (selector) => element.querySelector(selector);
const all = (selector) => [...element.querySelectorAll(selector)];
const on = (node, kinds, listen, options) => kinds.split(' ').forEach((kind) => node.addEventListener(kind, listen, options));
const say = window.ppText;
const pressed = (node, value) => node.setAttribute('aria-pressed', String(Boolean(value)));
const flag = (name, holds) => root.classList.toggle(name, Boolean(holds));
const root = $('.pp-root'), stage = $('.pp-stage'), frame = $('.pp-frame'), photo = $('.pp-photo');

const SLOW = 300; // ms before the page says that it waits
const BEYOND = ['undo', 'redo', 'show', 'further', 'close']; // actions that change more than the canvas

let shown = { desk: '', version: -1, serial: -1, photo: null, parts: [], points: [], thumbs: [], edges: {}, can: {} };
let mask = null; // the mask on show, unpacked
let sent = [], answered = 0; // what has no answer yet: {seq, action, and how it shows: point, gone, moved}
let strokes = []; // {seq, stroke} that the mask on show does not have yet
let counter = 0, tool = 'include', brush = 40, error = '', slow = false;
let compare = null; // the result on show in place of the selection
let painting = false, glimpse = ''; // whether a repaint has begun; URL of what it looks like so far
let segments = null; // labels of everything, while one is picked
let cursor = null; // the keyboard's place

function onWide(target, kinds, listen, options) {
	on(target, kinds, (event) => element.isConnected && listen(event), options);
}

function act(action, fields, mark) {
	const seq = ++counter, item = { seq, action, called: !BEYOND.includes(action), ...mark };
	sent.push(item);
	send(item, { action, desk: shown.desk, photo: shown.serial, seq, ...fields });
	setTimeout(() => {
		slow ||= shown.pending || sent.includes(item);
		drawHint();
	}, SLOW);
	fail('');
	redraw();
	return seq;
}

async function send(item, data) {
	const answer = item.called && (await server.follow(data).catch(() => null));
	if (answer?.parts) return answer.serial === shown.serial && show({ ...answer, photo: shown.photo });
	item.called = false;
	return sent.includes(item) && trigger('act', data);
}

function fail(text, values) {
	error = say(text, values);
	drawHint();
}

async function ask(name, fields) {
	const { serial, desk } = shown, answer = await server[name]({ desk, photo: serial, ...fields });
	if (serial !== shown.serial) return null;
	return answer.error ? fail(answer.error) : answer;
}
