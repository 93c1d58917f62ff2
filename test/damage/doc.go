// Package damage damages whole stores in every way, one at a time, and has them repaired.
package damage
