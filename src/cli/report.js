// SPDX-License-Identifier: GPL-3.0-or-later
// The page of popgate report --html: sorts a table by a click on a heading, and looks for a word. Without it nothing is missing.

const ENOUGH_TO_SEARCH = 8;

// A cell is compared by its data-v, a number, or else by its text.
const keyOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.v === undefined ? cell.textContent.toLowerCase() : Number(cell.dataset.v);
};

const sort = (body, column, up) => {
  const rows = [...body.rows].map(row => [keyOf(row, column), row]);
  rows.sort(([a], [b]) => (up ? 1 : -1) * ((a > b) - (a < b)));
  body.append(...rows.map(([, row]) => row));
};

const makeSortable = table => {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') === 'descending';
      heads.forEach(other => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      sort(table.tBodies[0], column, up);
    });
  });
};

const makeSearchable = table => {
  const find = document.createElement('input');
  find.type = 'search';
  find.className = 'find';
  find.placeholder = 'User or address';
  find.setAttribute('aria-label', 'Find a user or an address');
  find.addEventListener('input', () => {
    const word = find.value.toLowerCase();
    for (const row of table.tBodies[0].rows)
      row.hidden = !row.textContent.toLowerCase().includes(word);
  });
  table.parentNode.querySelector('.head').append(find);
};

for (const table of document.querySelectorAll('table')) {
  makeSortable(table);
  if (table.tBodies[0].rows.length >= ENOUGH_TO_SEARCH)
    makeSearchable(table);
}
