// Package archtest holds the architecture as tests: who may import whom, that every package says what it is, that
// nothing happens before main, how long a file may be, and what a worker links.
package archtest
