// Package coverage holds shard maps against those of the Python zagg, and against what granules really observed.
package coverage
