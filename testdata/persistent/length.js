// One line in, its length out. Node writes to pipes at once.
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  console.log(line.length);
});
