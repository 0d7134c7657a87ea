// Package guardian is the process that the user sees. It starts fanout once more as the runner, which does the work, and
// waits for it: see [Guard]. Between the two is the warden, in a session and a process group of its own. When the runner
// ends, however it ends, the processes that it leaves become the warden's own children, which the warden ends: kill -9
// of the runner, or of the whole process group, leaves nothing behind.
//
// Guardian and runner are in one process group and share the standard files, so that terminal, job control and exit
// status are as if there were one process. Signals from the terminal reach both; the runner counts only those that the
// guardian passes on by the [Link]. Where there can be no warden, the runner is the guardian's child, and the guardian
// does what the warden would do. Where there can be no guardian, the runner works without.
package guardian

// linkVariable tells the runner where its end of the Link is, which process has the other, and whether there is a warden:
// "100 4711 warden" is a descriptor and a pid, and instead of the last word may stand why there is none. In any other
// process, such as one in whose environment somebody has set it, its value is not believed.
const linkVariable = "FANOUT_GUARDIAN_FD"

// hasWarden is the last word of the variable when there is a warden.
const hasWarden = "warden"

// done is the runner's message that it has ended as it should: its leftovers stay on purpose.
const done = "done"

// linger begins the message of a runner whose children should end by themselves when it is gone, before they are ended:
// the time that they have follows.
const linger = "linger "

// silence begins the message of a runner on another machine than its user: the time for which it may not answer
// follows.
const silence = "silence "
