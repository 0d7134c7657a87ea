// Package e2e tests the program as a whole: what a user types, sees and kills. The tests run in the root of the
// checkout, where testdata/, docs/ and scripts/ are. Each file has one topic; testdata/script has the scripts of the
// command line.
package e2e
