// Package job holds what crosses between those who plan a run and those who do its work: the Job, which is one shard's
// work and the event that cloud workers get; the answer to it; and the Receipt, which says what the work took.
package job
