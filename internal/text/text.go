// Package text is words and numbers for people: the lines that fanout prints about itself, names that are harmless on a
// terminal, quoted and clipped text, figures, times, and the name that a user may have meant. What comes from outside can
// neither drive a terminal nor pass for a line of fanout's own.
package text
