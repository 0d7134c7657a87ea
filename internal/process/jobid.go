package process

// JobIDVariable is the environment variable by which the processes of a job are
// known wherever they go: its value is the job's mark and, when fanout itself runs
// within a job, after a blank the marks of that one.
const JobIDVariable = "FANOUT_MARK"
