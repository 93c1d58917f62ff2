// Package export writes a store's cells into files of other kinds: tables with a row per cell that holds something, and
// pictures with coordinates. It reads a shard at a time, and never holds more than one of a table.
package export
