// Package collide starts two runs of zagg on one store at almost the same moment.
package collide
