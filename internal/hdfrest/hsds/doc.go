// Package hsds keeps domains as HSDS does: their metadata as JSON objects, and one object a chunk. docs/formats/hsds.md
// describes what is read and written. HSDS may work on the same bucket before and after, not at the same time.
//
// Source: the stores that HSDS 0.9.4 and 1.0.2 make and accept, as observed.
package hsds
