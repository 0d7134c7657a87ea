// Package text is words and numbers for people: the lines that fanout prints about itself, names quoted so that they
// are harmless on a terminal, clipped and printable text, figures with as many digits as are of use, and the name that
// a user may have meant.
package text
