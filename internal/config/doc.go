// Package config reads the run configuration: a YAML (or JSON) document that says which product to read, what to
// compute for each cell and where to write it.
//
// One table of keys (keys.go) drives everything that must agree: the check for unknown keys and wrong types, the JSON
// Schema for editors, and the reference in docs/config.md. What a table cannot say (one of two keys, names that must
// be declared, fill values that must fit a type) is in the files named after the sections.
//
// A configuration is looked at whole: up to 20 problems are reported together, in line order, each with file, line,
// column, dotted key, value and, for a name that is not known, the nearest one that is.
package config
