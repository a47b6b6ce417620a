// Opens the picture that is pressed.
element.addEventListener('click', ({ target }) => {
	const index = target.closest('button')?.dataset.index;
	if (!index) return;
	trigger('example', { index: Number(index) });
	document.querySelector('.pp-stage').scrollIntoView({ block: 'nearest' });
});
