// Sends the event 'example' {index} when a picture is pressed.
element.addEventListener('click', ({ target }) => {
	const index = target.closest('button')?.dataset.index;
	if (index) trigger('example', { index: Number(index) });
});
