// Package kill kills real runs of zagg at random moments and lets the same command finish them.
package kill
