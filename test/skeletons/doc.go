// Package skeletons writes every skeleton of `zagg plugins new`, and does with it what its README says.
package skeletons
