// Package bench keeps what a shard costs over the project's history: it picks the shard of a target that is measured, makes
// a record of what the shard took, retains the records of merges as a table, draws it, writes the comment on a pull
// request, decides who may ask for a run and what needs one, and distributes releases.
//
// The formats are those of the benchmark that came before: a target is a configuration and a shard map, a record has 22
// columns, the series is series.parquet.
package bench
