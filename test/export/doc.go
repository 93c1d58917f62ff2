// Package export reads what `zagg export` writes with the tools that it is written for.
package export
