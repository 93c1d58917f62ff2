// Package cicd tests the project's workflows as far as they run without GitHub and AWS: their rules, their shell steps, and
// the benchmark from granules to charts on the emulator, read back by pandas.
package cicd
