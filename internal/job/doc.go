// Package job defines the data exchanged between the planner of a run and its workers: the Job (the work of one or several shards,
// which is also the event of a cloud worker), its answer, and the Receipt, which records what the work cost.
package job
