// Package golden compares whole runs of zagg with the outputs of the Python system that zagg replaces, and with an
// independent computation in Python.
package golden
