// Package docs tests what the project's pages promise of themselves: links lead somewhere, tables can be read.
package docs
