// Package examples runs what is in the folder examples, and compares the statistic in Go with that in Python and with a third computation.
package examples
