// Package bundle builds functions as `zagg bundle` does, for both architectures, and runs them: with built-in plugins, with C in
// them, and with a plugin of a third party.
package bundle
