'use strict';
(() => {
  const table = document.getElementById('matrix');
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const order = new Intl.Collator('en', { numeric: true });
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector('button').addEventListener('click', () => {
      const ways = head.dataset.first === 'descending' ? ['descending', 'ascending'] : ['ascending', 'descending'];
      const way = ways[head.getAttribute('aria-sort') === ways[0] ? 1 : 0];
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', way);
      const sign = way === 'descending' ? -1 : 1;
      rows.sort((a, b) => {
        const x = key(a, column);
        const y = key(b, column);
        return sign * (typeof x === 'number' ? x - y : order.compare(x, y)) || a.dataset.order - b.dataset.order;
      });
      body.append(...rows);
    });
  });
  const tools = document.getElementById('tools');
  const text = document.getElementById('filter');
  const failing = document.getElementById('failing');
  const shown = document.getElementById('shown');
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const content = row.textContent.toLowerCase();
      row.hidden = failing.checked && row.dataset.fails !== 'yes' || !words.every((word) => content.includes(word));
      if (!row.hidden) count++;
    }
    shown.textContent = count + ' of ' + rows.length + ' shown';
  };
  text.addEventListener('input', filter);
  failing.addEventListener('change', filter);
  tools.hidden = false;
  filter();
})();
