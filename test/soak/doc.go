// Package soak runs `zagg run --backend lambda` while everything fails that can: throttling, sandboxes that are killed or run out of time, events that
// are lost or come twice, connections that are cut, bursts of errors of S3, keys that end, and a dispatcher that is killed at any moment. After
// the last run the store must hold what an undisturbed local run writes, byte for byte, and nothing else.
//
// ZAGG_SOAK is how long to go on ("10m"); without it a few seconds, for CI. A failure prints its seed, and ZAGG_SOAK_SEED repeats it.
package soak
