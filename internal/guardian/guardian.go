// Package guardian is the process that the user sees: it starts fanout once more
// as its child, the runner, which does the work, and waits for it. When the runner
// ends, however it ends, the processes that it leaves become the guardian's own
// children, which it ends: kill -9 of the runner leaves nothing behind.
//
// The two are in one process group and share the standard files, so that the
// terminal, job control and exit status are as if there were one. Signals that the
// terminal sends reach both; the runner takes the guardian's word for how many
// there were (Link). Where there is no guardian, the runner goes on without.
package guardian

// linkVariable tells the runner where its end of the Link is and whose the other is: "100 4711" is a
// descriptor and a pid. What it holds for any other process, such as one in whose environment somebody
// has set it, is not believed.
const linkVariable = "FANOUT_GUARDIAN_FD"

// done is what the runner says when it has ended as it should: what it leaves
// behind is left on purpose.
const done = "done"

// linger begins what a runner says whose children should end by themselves when it is gone,
// before they are made to: the time that they have follows.
const linger = "linger "

// silence begins what a runner on another machine than its user says: for how long it may not
// answer.
const silence = "silence "
