// Package sink writes all that a run has to say.
//
// A [File] is one of our own outputs, to which the bytes of jobs go; [Messages] takes fanout's own lines on standard
// error. The others write what is known of a job that has ended: [JSON] as an object a line, [Results] as files in a
// directory, [Log] as a line of log/slog, [Folded] as a group of GitHub Actions. They get its output as [Printed].
// A [Summary] counts the outcomes of all jobs and, at the end, tells of the failures.
package sink
