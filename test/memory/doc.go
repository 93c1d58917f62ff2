// Package memory runs `zagg run` under budgets and groupings: any of them gives the same store, and the process stays near its
// budget. ZAGG_BENCH_GRANULES is a folder with the benchmark's granules; without it the small sets alone are run.
package memory
