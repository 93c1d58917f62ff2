// Package archtest tests the architecture: allowed imports, package comments, no code before main, maximum lengths of files, and the
// packages that a worker links.
package archtest
