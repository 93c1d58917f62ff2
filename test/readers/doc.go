// Package readers opens stores of every grid and layout with the tools that people read them with: the matrix of
// docs/reading-stores.md.
package readers
